import { isVariable } from "../editor/checks.ts";
import { addConnectionTest } from "../editor/connection-test.ts";

RED.nodes.registerType("fplus-object-store", {
  category: "config",
  paletteLabel: "object store",
  defaults: {
    name: { value: "" },
    engine: { value: "embedded" },
    folder: { value: "" },
    linkAddress: {
      value: "",
      validate(value, _options) {
        if (value === "" || isVariable(value)) return true;
        return /^https?:\/\/[^/]+/.test(value) || "Write an address like https://plant.example/fplus/objects.";
      },
    },
    url: {
      value: "http://127.0.0.1:9000",
      validate(value, _options) {
        if (this["engine"] !== "s3" || isVariable(value)) return true;
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
    };
    $("#node-config-input-engine").on("change", show);
    show();
    addConnectionTest(this, "objects");
  },
});
