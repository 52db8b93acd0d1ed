import { numberFrom } from "../editor/checks.ts";
import { type Failure, reasonOf } from "../editor/failure.ts";
import {
  showFields,
  type ShownNotifier,
  showNotifiers,
  type ShownField,
  showTypes,
  type ShownType,
  tickedFields,
} from "./type-picker.ts";

const BASE_EVENT_TYPE = "i=2041";

function field(name: string): string {
  return String($(`#node-input-${name}`).val() ?? "");
}

RED.nodes.registerType("fplus-opcua-events", {
  category: "Factory+",
  color: "#A6BBCF",
  icon: "fplus-opcua-events.svg",
  paletteLabel: "opcua events",
  inputs: 1,
  outputs: 3,
  defaults: {
    name: { value: "" },
    endpoint: { value: "", type: "fplus-opcua-endpoint", required: true },
    notifier: { value: "" },
    eventType: { value: "" },
    severity: { value: "1", validate: numberFrom(1, 1000) },
    sources: { value: "" },
    fields: { value: [] },
    publishingMs: { value: "500", validate: numberFrom(10, 3_600_000, " of milliseconds") },
    queueSize: { value: "1000", validate: numberFrom(1, 1_000_000) },
  },
  label() {
    return this.name || "opcua events";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "acknowledge, confirm, shelve …",
  outputLabels: ["events", "active conditions", "results of commands"],
  oneditprepare() {
    const chosen = String(this["eventType"] ?? "");
    const result = $("#fplus-opcua-events-result");
    const ask = <T>(path: string, show: (found: T) => void): void => {
      const endpoint = field("endpoint");
      if (endpoint === "" || endpoint === "_ADD_") return void result.text("Choose an endpoint to see its types.");
      result.text("Asking the server …");
      $.getJSON(`fplus/opcua/${path.replace(":id", encodeURIComponent(endpoint))}`).then(
        // Answers come in any order: one to a question that is no longer asked is not shown.
        (found: T) => void (endpoint === field("endpoint") && show(found)),
        (failure: Failure) => result.text(reasonOf(failure)),
      );
    };
    const chosenType = (): string => field("eventType") || BASE_EVENT_TYPE;
    const askFields = (): void => {
      const type = chosenType();
      ask<ShownField[]>(`event-fields/:id?type=${encodeURIComponent(type)}`, (fields) => {
        if (type !== chosenType()) return;
        showFields(fields, tickedFields());
        result.text(fields.length === 0 ? "This kind has no more." : "More fields to send with each event:");
      });
    };
    showTypes([], chosen);
    showFields([], (this["fields"] ?? []) as ShownField[]);
    const askNotifiers = (): void =>
      void $.getJSON(`fplus/opcua/notifiers/${encodeURIComponent(field("endpoint"))}`).then(
        (notifiers: ShownNotifier[]) => showNotifiers(notifiers),
        () => undefined,
      );
    const askTypes = (): void =>
      ask<ShownType[]>("event-types/:id", (types) => {
        showTypes(types, field("eventType"));
        askFields();
        askNotifiers();
      });
    $("#node-input-endpoint").on("change", askTypes);
    $("#node-input-eventType").on("change", askFields);
    askTypes();
  },
  oneditsave() {
    this["fields"] = tickedFields();
  },
});
