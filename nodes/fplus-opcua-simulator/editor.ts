/** A number in a range, or a `${VARIABLE}` that holds one. */
function between(low: number, high: number): (value: string, options: unknown) => boolean | string {
  return (value, _options) =>
    /^\$\{.+\}$/.test(value) ||
    (value !== "" && Number(value) >= low && Number(value) <= high) ||
    `Give a number from ${low} to ${high}.`;
}

RED.nodes.registerType("fplus-opcua-simulator", {
  category: "Factory+",
  categoryDescription: "Factory+: OPC UA, Sparkplug, historian and dashboards",
  color: "#A6BBCF",
  icon: "fplus-opcua-simulator.svg",
  paletteLabel: "opcua simulator",
  inputs: 1,
  outputs: 0,
  defaults: {
    name: { value: "" },
    enabled: {
      value: "on",
      validate(value, _options) {
        return /^(on|off|\$\{.+\})$/.test(value) || "Write on, off, or a ${VARIABLE} that holds one of them.";
      },
    },
    port: { value: "4840", validate: between(1, 65_535) },
    tags: { value: "169", validate: between(6, 10_000) },
    rateMs: { value: "1000", validate: between(20, 3_600_000) },
    seed: { value: "1", validate: between(0, 4_294_967_295) },
  },
  label() {
    return this.name || "opcua simulator";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "fault, reset",
});
