import type { PartMember } from "../../health/index.ts";
import type { NodeRow } from "./types.ts";

/** Rows of the table that a health page gets once a second. */
const MAX_MEMBERS = 300;

/** Edge nodes with their devices below them; those that are away first. */
export function membersOf(rows: readonly NodeRow[]): PartMember[] {
  return rows
    .toSorted((a, b) => trouble(b) - trouble(a) || a.node.localeCompare(b.node))
    .flatMap(({ node, state, since, metrics, gaps, duplicates, devices }) => [
      { name: node, state, since, figures: { metrics, gaps, duplicates } },
      ...devices.map((one) => ({
        name: `${node}/${one.device}`,
        state: one.state,
        since: one.since,
        figures: { metrics: one.metrics },
      })),
    ])
    .slice(0, MAX_MEMBERS);
}

function trouble({ state, devices }: NodeRow): number {
  return [state, ...devices.map((device) => device.state)].filter((one) => one !== "online").length;
}
