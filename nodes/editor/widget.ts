/** What the palette and the dialog of every dashboard widget share; `more` are the properties that only this one has. */
export function widgetNode(type: string, height: number, more: EditorNode["defaults"] = {}): EditorNode {
  const label = type.replace("fplus-", "").replaceAll("-", " ");
  return {
    category: "Factory+",
    color: "#A3D9B1",
    icon: `${type}.svg`,
    paletteLabel: label,
    inputs: 1,
    outputs: 0,
    align: "right",
    defaults: {
      name: { value: "" },
      group: { value: "", type: "ui-group", required: true },
      order: { value: 0 },
      width: { value: 12 },
      height: { value: height },
      ...more,
    },
    label() {
      return this.name || label;
    },
    labelStyle() {
      return this.name ? "node_label_italic" : "";
    },
    inputLabels: "samples, births and deaths",
    oneditprepare() {
      $("#node-input-size").elementSizer({
        width: "#node-input-width",
        height: "#node-input-height",
        group: "#node-input-group",
      });
    },
  };
}
