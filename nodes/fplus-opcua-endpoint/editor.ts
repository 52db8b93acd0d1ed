RED.nodes.registerType("fplus-opcua-endpoint", {
  category: "config",
  defaults: {
    name: { value: "" },
    url: {
      value: "opc.tcp://127.0.0.1:4840",
      required: true,
      validate(value, _options) {
        return (
          /^opc\.tcp:\/\/[^/:]+(:\d+)?(\/.*)?$|^\$\{.+\}$/.test(value) ||
          "Write the address like opc.tcp://192.168.0.10:4840."
        );
      },
    },
    securityMode: { value: "None" },
    securityPolicy: { value: "None" },
  },
  credentials: { username: { type: "text" }, password: { type: "password" } },
  label() {
    return this.name || String(this["url"]);
  },
  oneditprepare() {
    const field = (name: string): string => String($(`#node-config-input-${name}`).val() ?? "");
    $("#node-config-input-securityMode").on("change", () => {
      const none = field("securityMode") === "None";
      if (none) $("#node-config-input-securityPolicy").val("None");
      else if (field("securityPolicy") === "None") $("#node-config-input-securityPolicy").val("Basic256Sha256");
      $(".fplus-opcua-policy").toggle(!none);
    });
    $("#node-config-input-securityMode").trigger("change");
    $("#fplus-opcua-test").on("click", () => {
      const result = $("#fplus-opcua-result").text("Connecting …").css("color", "");
      const password = field("password");
      const body = {
        id: this.id,
        name: field("name"),
        url: field("url"),
        securityMode: field("securityMode"),
        securityPolicy: field("securityPolicy"),
        username: field("username"),
        ...(password === "__PWRD__" ? {} : { password }),
      };
      $.ajax({
        url: "fplus/opcua/test",
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
