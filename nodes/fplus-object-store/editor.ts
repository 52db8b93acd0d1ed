import { isVariable, wholeFrom } from "../editor/checks.ts";
import { addConnectionTest } from "../editor/connection-test.ts";
import { checkAccessKeys, keepAccessKeys, type KeyRow, showAccessKeys } from "./access-keys.ts";
import { ADDRESS_HINT, isAddress, isLoopback } from "./address.ts";
import { SECRETS } from "./secrets.ts";

/** A check that counts while programs are served. */
function whileServed(check: NonNullable<EditorProperty["validate"]>): NonNullable<EditorProperty["validate"]> {
  return function (value, options) {
    return this["serve"] !== true || this["engine"] !== "embedded" || check.call(this, value, options);
  };
}

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
    serve: { value: false },
    servePort: { value: "", validate: whileServed(wholeFrom(1, 65_535)) },
    serveHost: {
      value: "",
      validate: whileServed((value, _options) => {
        const good = value === "" || value === undefined || isVariable(value) || isAddress(value);
        return good || ADDRESS_HINT;
      }),
    },
    keys: {
      value: [],
      validate: whileServed((value: unknown, _options) =>
        checkAccessKeys(Array.isArray(value) ? (value as KeyRow[]) : []),
      ),
    },
  },
  credentials: {
    accessKey: { type: "text" },
    secretKey: { type: "password" },
    encryptionKey: { type: "password" },
    ...SECRETS,
  },
  label() {
    return this.name || (this["engine"] === "s3" ? `S3 ${String(this["url"])}` : "Embedded objects");
  },
  oneditprepare() {
    const show = (): void => {
      const s3 = $("#node-config-input-engine").val() === "s3";
      $(".fplus-objects-embedded").toggle(!s3);
      $(".fplus-objects-s3").toggle(s3);
      $(".fplus-objects-serve").toggle(!s3 && $("#node-config-input-serve").is(":checked"));
      const host = String($("#node-config-input-serveHost").val() ?? "");
      $(".fplus-objects-open").toggle(
        !s3 && $("#node-config-input-serve").is(":checked") && host !== "" && !isLoopback(host),
      );
    };
    showAccessKeys($("#fplus-objects-keys"), this);
    $("#node-config-input-engine, #node-config-input-serve").on("change", show);
    $("#node-config-input-serveHost").on("input", show);
    show();
    addConnectionTest(this, "objects");
  },
  oneditsave() {
    keepAccessKeys($("#fplus-objects-keys"), this);
  },
});
