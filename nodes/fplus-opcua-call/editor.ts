import { isVariable } from "../editor/checks.ts";
import { type Failure, reasonOf } from "../editor/failure.ts";
import { addNodePicker } from "../editor/opcua/node-picker.ts";

interface ShownArgument {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly example?: unknown;
}

/** A field for one argument: a choice, JSON, or a line; blank is what the message brings. */
function argumentField({ type, choices, example }: ShownArgument, value: string): JQuery {
  if (choices !== undefined) {
    const select = $("<select>");
    const texts = value === "" || choices.includes(value) ? choices : [...choices, value];
    $("<option>").attr("value", "").text("msg.payload").appendTo(select);
    for (const text of texts) $("<option>").attr("value", text).text(text).appendTo(select);
    return select.val(value);
  }
  if (example !== undefined) {
    return $("<textarea>")
      .attr({ rows: 3, placeholder: `msg.payload; or ${JSON.stringify(example)}` })
      .css({ width: "70%", fontFamily: "monospace" })
      .val(value);
  }
  return $("<input>")
    .attr({ type: "text", placeholder: type === "" ? "msg.payload" : `${type}; or msg.payload` })
    .val(value);
}

function validNodeId(value: string, _options: unknown): boolean | string {
  if (value === "" || isVariable(value)) return true;
  return /^(\/|(ns=\d+;|nsu=[^;]+;)?[isgb]=).+/.test(value) || "Write a NodeId like ns=2;s=Name, or a browse path.";
}

function field(name: string): string {
  return String($(`#node-input-${name}`).val() ?? "");
}

RED.nodes.registerType("fplus-opcua-call", {
  category: "Factory+",
  color: "#A6BBCF",
  icon: "fplus-opcua-call.svg",
  paletteLabel: "opcua call",
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: "" },
    endpoint: { value: "", type: "fplus-opcua-endpoint", required: true },
    object: { value: "", validate: validNodeId },
    method: { value: "", validate: validNodeId },
    args: { value: {} },
  },
  label() {
    return this.name || String(this["method"] || "opcua call");
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "call",
  outputLabels: "output arguments",
  oneditprepare() {
    addNodePicker({ field: "node-input-object", classes: ["object"] });
    addNodePicker({
      field: "node-input-method",
      classes: ["method"],
      onNode: ({ parent }) => void $("#node-input-object").val(parent).trigger("change"),
    });
    const saved = (this["args"] ?? {}) as Record<string, string>;
    const list = $("#fplus-opcua-call-args");
    const current = (name: string): string => {
      const input = list.find("[data-argument]").filter((_i, one) => $(one).attr("data-argument") === name);
      return String(input.val() ?? saved[name] ?? "");
    };
    const show = (found: readonly ShownArgument[]): void => {
      const shown = found.map((argument) => ({ argument, value: current(argument.name) }));
      list.empty();
      for (const { argument, value } of shown) {
        const { name, description, example } = argument;
        const id = `fplus-opcua-call-arg-${name.replace(/\W/g, "_")}`;
        const row = $('<div class="form-row"></div>').appendTo(list);
        $("<label></label>").attr("for", id).text(name).appendTo(row);
        const input = argumentField(argument, value)
          .attr({ id, "data-argument": name, title: description })
          .appendTo(row);
        if (example === undefined) continue;
        const button = $('<button type="button" class="red-ui-button">Example</button>').appendTo(row);
        button.css({ marginLeft: "104px", marginTop: "4px" }).attr("title", `Fill in an example of ${name}`);
        button.on("click", () => void input.val(JSON.stringify(example, null, 2)).trigger("change"));
      }
    };
    show(Object.keys(saved).map((name) => ({ name, type: "", description: "" })));
    const result = $("#fplus-opcua-call-result");
    const read = (failed: (text: string) => void): void => {
      $.getJSON(`fplus/opcua/method/${encodeURIComponent(field("endpoint"))}`, {
        object: field("object"),
        method: field("method"),
      }).then(
        ({ inputs, outputs }: { inputs: ShownArgument[]; outputs: ShownArgument[] }) => {
          show(inputs);
          const gives = outputs.map(({ name, type }) => `${name} (${type})`).join(", ");
          result.text(
            `${inputs.length === 0 ? "Takes no arguments." : ""} ${gives === "" ? "Gives nothing back." : `Gives ${gives}.`}`,
          );
        },
        (failure: Failure) => failed(reasonOf(failure)),
      );
    };
    $("#fplus-opcua-call-read").on("click", () => {
      result.text("Asking the server …");
      read((text) => result.text(text));
    });
    // What was saved is shown as the server declares it, where it can be asked.
    if (Object.keys(saved).length > 0 && field("endpoint") !== "") read(() => undefined);
  },
  oneditsave() {
    const args: Record<string, string> = {};
    $("#fplus-opcua-call-args [data-argument]").each((_i, input) => {
      args[String($(input).attr("data-argument"))] = String($(input).val() ?? "");
    });
    this["args"] = args;
  },
});
