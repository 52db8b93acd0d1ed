/** Access keys of an endpoint: each has a slot, and its secret is the credential of that slot. */
export const SLOTS = 20;

/** The credential that holds the secret of a slot. */
export function secretName(slot: number): string {
  return `secret${slot}`;
}

/** The credentials of all slots, as a node type declares them. */
export const SECRETS: Readonly<Record<string, { type: "password" }>> = Object.fromEntries(
  Array.from({ length: SLOTS }, (_, i) => [secretName(i + 1), { type: "password" }]),
);
