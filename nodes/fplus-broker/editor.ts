import { numberFrom } from "../editor/checks.ts";

RED.nodes.registerType("fplus-broker", {
  category: "config",
  defaults: {
    name: { value: "" },
    url: {
      value: "mqtt://127.0.0.1:1883",
      required: true,
      validate(value, _options) {
        return /^(mqtts?|wss?):\/\/[^/]+|^\$\{.+\}$/.test(value) || "Write the address like mqtt://192.168.0.5:1883.";
      },
    },
    protocolVersion: { value: "4" },
    keepalive: { value: "30", validate: numberFrom(1, 65_535, " of seconds") },
    verify: { value: true },
  },
  credentials: { username: { type: "text" }, password: { type: "password" } },
  label() {
    return this.name || String(this["url"]);
  },
  oneditprepare() {
    const field = (name: string): string => String($(`#node-config-input-${name}`).val() ?? "");
    $("#fplus-broker-test").on("click", () => {
      const result = $("#fplus-broker-result").text("Connecting …");
      const password = field("password");
      const body = {
        id: this.id,
        url: field("url"),
        protocolVersion: field("protocolVersion"),
        keepalive: field("keepalive"),
        verify: $("#node-config-input-verify").is(":checked"),
        username: field("username"),
        ...(password === "__PWRD__" ? {} : { password }),
      };
      $.ajax({
        url: "fplus/broker/test",
        method: "POST",
        contentType: "application/json",
        data: JSON.stringify(body),
      }).then(
        (answer: { ok: boolean; text: string }) =>
          result
            .text(answer.text)
            .css("color", answer.ok ? "var(--red-ui-text-color-success)" : "var(--red-ui-text-color-error)"),
        () => result.text("Node-RED did not answer."),
      );
    });
  },
});
