/** A kind of event. */
export interface ShownType {
  readonly nodeId: string;
  readonly name: string;
  readonly parent: string;
}

/** A field of a kind of event. */
export interface ShownField {
  readonly name: string;
  readonly path: string;
  readonly type: string;
}

/** The kinds of events as a tree in the lines of a select, those below a kind further in. */
export function showTypes(types: readonly ShownType[], chosen: string): void {
  const select = $("#node-input-eventType").empty();
  const add = (value: string, text: string): JQuery => $("<option>").attr("value", value).text(text).appendTo(select);
  add("", "every kind of event");
  const known = new Set(types.map(({ nodeId }) => nodeId));
  const walk = (parent: string, depth: number): void => {
    for (const { nodeId, name } of types.filter((type) => type.parent === parent)) {
      add(nodeId, `${"\u00a0\u00a0".repeat(depth)}${name}`);
      walk(nodeId, depth + 1);
    }
  };
  for (const { nodeId } of types.filter(({ parent }) => !known.has(parent))) walk(nodeId, 0);
  if (chosen !== "" && !known.has(chosen)) add(chosen, chosen);
  select.val(chosen);
}

/** Fields to tick; those that were ticked before stay so, whether the server names them now or not. */
export function showFields(found: readonly ShownField[], ticked: readonly ShownField[]): void {
  const list = $("#fplus-opcua-events-fields").empty();
  const paths = new Set(found.map(({ path }) => path));
  for (const shown of [...ticked.filter(({ path }) => !paths.has(path)), ...found]) {
    const id = `fplus-opcua-events-field-${list.children().length}`;
    const row = $("<div>").appendTo(list);
    $("<input>")
      .attr({ type: "checkbox", id })
      .css({ width: "auto", margin: "0 6px 0 0" })
      .prop(
        "checked",
        ticked.some(({ path }) => path === shown.path),
      )
      .data("field", shown)
      .appendTo(row);
    $("<label>")
      .attr({ for: id, title: shown.path })
      .css({ display: "inline", width: "auto", margin: "0" })
      .text(shown.name)
      .appendTo(row);
  }
}

/** The fields that are ticked now. */
export function tickedFields(): ShownField[] {
  const ticked: ShownField[] = [];
  $("#fplus-opcua-events-fields input:checked").each((_i, input) => {
    const { name, path, type } = $(input).data("field") as ShownField;
    ticked.push({ name, path, type });
  });
  return ticked;
}

/** Something that reports events. */
export interface ShownNotifier {
  readonly nodeId: string;
  readonly name: string;
  readonly reports: boolean;
}

/** Offers what can be subscribed to while the field is typed in. */
export function showNotifiers(notifiers: readonly ShownNotifier[]): void {
  const list = $("#fplus-opcua-events-notifiers").empty();
  for (const { nodeId, name, reports } of notifiers)
    if (reports) $("<option>").attr("value", nodeId).text(name).appendTo(list);
}
