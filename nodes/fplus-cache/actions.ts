/** What the node is called on the canvas, by what it does. */
export const LABELS: Readonly<Record<string, string>> = {
  get: "cache get",
  set: "cache set",
  delete: "cache delete",
  count: "count",
  publish: "publish",
  lock: "lock",
  unlock: "unlock",
};

/** What leaves by which output. */
export const OUTPUTS: Readonly<Record<string, readonly string[]>> = {
  get: ["known", "not known"],
  set: ["written", "not written"],
  lock: ["got the lock", "somebody else has it"],
  unlock: ["released", "was lost before"],
};

/** How many outputs the node has. */
export function outputsOf(action: string, when: string): number {
  return action === "get" || action === "lock" || action === "unlock" || (action === "set" && when !== "") ? 2 : 1;
}
