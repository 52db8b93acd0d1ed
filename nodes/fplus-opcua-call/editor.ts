interface ShownArgument {
  readonly name: string;
  readonly type: string;
  readonly description: string;
}

function validNodeId(value: string, _options: unknown): boolean | string {
  if (value === "" || /^\$\{.+\}$/.test(value)) return true;
  return /^(ns=\d+;|nsu=[^;]+;)?[isgb]=.+/.test(value) || "Write a NodeId like ns=2;s=Name.";
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
    const saved = (this["args"] ?? {}) as Record<string, string>;
    const list = $("#fplus-opcua-call-args");
    const show = (found: readonly ShownArgument[]): void => {
      list.empty();
      for (const { name, type, description } of found) {
        const id = `fplus-opcua-call-arg-${name.replace(/\W/g, "_")}`;
        const row = $('<div class="form-row"></div>').appendTo(list);
        $("<label></label>").attr("for", id).text(name).appendTo(row);
        $('<input type="text" />')
          .attr({
            id,
            "data-argument": name,
            placeholder: type === "" ? "msg.payload" : `${type}; or msg.payload`,
            title: description,
          })
          .val(saved[name] ?? "")
          .appendTo(row);
      }
    };
    show(Object.keys(saved).map((name) => ({ name, type: "", description: "" })));
    $("#fplus-opcua-call-read").on("click", () => {
      const result = $("#fplus-opcua-call-result").text("Asking the server …");
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
        (failure: { responseJSON?: { text?: string } }) =>
          result.text(failure.responseJSON?.text ?? "Node-RED did not answer."),
      );
    });
  },
  oneditsave() {
    const args: Record<string, string> = {};
    $("#fplus-opcua-call-args input").each((_i, input) => {
      args[String($(input).attr("data-argument"))] = String($(input).val() ?? "");
    });
    this["args"] = args;
  },
});
