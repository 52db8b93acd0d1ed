RED.nodes.registerType("fplus-embedded-broker", {
  category: "Factory+",
  color: "#D8BFD8",
  icon: "fplus-embedded-broker.svg",
  paletteLabel: "embedded broker",
  inputs: 0,
  outputs: 0,
  defaults: {
    name: { value: "" },
    enabled: {
      value: "on",
      validate(value, _options) {
        return /^(on|off|\$\{.+\})$/.test(value) || "Write on, off, or a ${VARIABLE} that holds one of them.";
      },
    },
    host: { value: "127.0.0.1", required: true },
    port: {
      value: "1883",
      validate(value, _options) {
        return (
          /^\$\{.+\}$/.test(value) || (Number(value) >= 1 && Number(value) <= 65_535) || "Give a port from 1 to 65535."
        );
      },
    },
  },
  credentials: { username: { type: "text" }, password: { type: "password" } },
  label() {
    return this.name || "embedded broker";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
});
