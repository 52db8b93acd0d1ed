import { numberFrom } from "../editor/checks.ts";
import { addConnectionTest } from "../editor/connection-test.ts";
import { showSlowStatements } from "./slow-statements.ts";

RED.nodes.registerType("fplus-database", {
  category: "config",
  paletteLabel: "database",
  defaults: {
    name: { value: "" },
    engine: { value: "embedded" },
    folder: { value: "" },
    host: {
      value: "127.0.0.1",
      validate(value, _options) {
        return this["engine"] !== "postgres" || value.trim() !== "" || "Name the machine that runs PostgreSQL.";
      },
    },
    port: { value: "5432", validate: numberFrom(1, 65_535) },
    databaseName: {
      value: "factoryplus",
      validate(value, _options) {
        return this["engine"] !== "postgres" || value.trim() !== "" || "Name the database.";
      },
    },
    user: {
      value: "factoryplus",
      validate(value, _options) {
        return this["engine"] !== "postgres" || value.trim() !== "" || "Name the user.";
      },
    },
    tls: { value: "auto" },
    ca: { value: "" },
    connections: { value: "10", validate: numberFrom(1, 1000) },
    timeout: { value: "30", validate: numberFrom(0, 86_400, " of seconds") },
    transaction: { value: "30", validate: numberFrom(1, 86_400, " of seconds") },
  },
  credentials: { password: { type: "password" } },
  label() {
    if (this.name) return this.name;
    return this["engine"] === "postgres"
      ? `${String(this["databaseName"])} on ${String(this["host"])}`
      : "Embedded database";
  },
  oneditprepare() {
    const field = (name: string): string => String($(`#node-config-input-${name}`).val() ?? "");
    const test = addConnectionTest(this, "database");
    const show = (): void => {
      const isServer = field("engine") === "postgres";
      $(".fplus-database-embedded").toggle(!isServer);
      $(".fplus-database-server").add(test).toggle(isServer);
      $(".fplus-database-ca").toggle(isServer && field("tls") !== "off" && field("tls") !== "encrypt");
    };
    $("#node-config-input-engine, #node-config-input-tls").on("change", show);
    show();
    $("#fplus-database-slow").on("click", () => showSlowStatements(this.id));
  },
});
