const OWN = "the plant's own";
/** What a blank field of the plant itself means. */
const EMBEDDED = "embedded, or from FPLUS_…";

/**
 * Says in a type's dialog what a choice of store or broker means that is left blank. Node-RED would write "none" there, or
 * "Add new …", though the node works as it is.
 */
export function namePlantsOwn(type: string): void {
  const definition = RED.nodes.getType(type)!;
  const fields = Object.entries(definition.defaults)
    .filter(([, field]) => field.type !== undefined && field.required === false && field.validate === undefined)
    .map(([name]) => name);
  if (fields.length === 0) return;
  const prepare = definition.oneditprepare;
  definition.oneditprepare = function () {
    const kind = definition.category === "config" ? "node-config-input" : "node-input";
    for (const name of fields) {
      const select = $(`#${kind}-${name}`);
      const say = (): void => void select.find("option[value='_ADD_']").text(type === "fplus-plant" ? EMBEDDED : OWN);
      // Node-RED writes its choices anew when one was added, and says so by a change.
      select.on("change", say);
      say();
    }
    prepare?.call(this);
  };
}
