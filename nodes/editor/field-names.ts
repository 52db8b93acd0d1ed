/**
 * Gives the fields of a type the names that they have in its form, so that whatever the editor says of them, under the node's
 * triangle as in its dialog, begins with the name.
 */
export function nameFields(type: string, names: Readonly<Record<string, string>>): void {
  const { defaults } = RED.nodes.getType(type)!;
  for (const [property, name] of Object.entries(names)) {
    const field = defaults[property];
    if (field === undefined) continue;
    field.label = name;
    const check = field.validate;
    if (check === undefined) continue;
    field.validate = function (value, options) {
      const verdict = check.call(this, value, options);
      return typeof verdict === "string" ? `${name}: ${verdict}` : verdict;
    };
  }
}
