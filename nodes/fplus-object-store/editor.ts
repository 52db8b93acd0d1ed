RED.nodes.registerType("fplus-object-store", {
  category: "config",
  defaults: {
    name: { value: "" },
    engine: { value: "embedded" },
    folder: { value: "" },
    linkAddress: {
      value: "",
      validate(value, _options) {
        if (value === "" || /^\$\{.+\}$/.test(value)) return true;
        return /^https?:\/\/[^/]+/.test(value) || "Write an address like https://plant.example/fplus/objects.";
      },
    },
    url: {
      value: "http://127.0.0.1:9000",
      validate(value, _options) {
        if (this["engine"] !== "s3" || /^\$\{.+\}$/.test(value)) return true;
        const good = value.split(",").every((one) => /^\s*https?:\/\/[^/\s]+\/?\s*$/.test(one));
        return good || "Write the address of the server like http://127.0.0.1:9000, without a bucket.";
      },
    },
    region: { value: "" },
    style: { value: "path" },
  },
  credentials: { accessKey: { type: "text" }, secretKey: { type: "password" }, encryptionKey: { type: "password" } },
  label() {
    return this.name || (this["engine"] === "s3" ? `S3 ${String(this["url"])}` : "Embedded objects");
  },
  oneditprepare() {
    const show = (): void => {
      const s3 = $("#node-config-input-engine").val() === "s3";
      $(".fplus-objects-embedded").toggle(!s3);
      $(".fplus-objects-s3").toggle(s3);
      $("#fplus-objects-result").text("");
    };
    $("#node-config-input-engine").on("change", show);
    show();
    $("#fplus-objects-test").on("click", () => {
      const field = (name: string): string => String($(`#node-config-input-${name}`).val() ?? "");
      const typed = (name: string): Record<string, string> => {
        const secret = field(name);
        return secret === "" || secret === "__PWRD__" ? {} : { [name]: secret };
      };
      const values = {
        id: this.id,
        engine: field("engine"),
        folder: field("folder"),
        url: field("url"),
        region: field("region"),
        style: field("style"),
        accessKey: field("accessKey"),
        ...typed("secretKey"),
        ...typed("encryptionKey"),
      };
      const result = $("#fplus-objects-result").text("Trying …").css("color", "");
      $.ajax({
        url: "fplus/objects/test",
        method: "POST",
        contentType: "application/json",
        data: JSON.stringify(values),
      })
        .done((answer: { ok: boolean; text: string }) => {
          result.text(answer.text).css("color", answer.ok ? "" : "var(--red-ui-text-color-error)");
        })
        .fail(() => result.text("Node-RED did not answer."));
    });
  },
});
