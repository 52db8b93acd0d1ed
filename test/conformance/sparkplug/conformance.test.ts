import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { mosquittoProgram } from "../../support/mosquitto.ts";
import { missing } from "../../support/services.ts";
import { ASSERTIONS, type Profile } from "./assertions.ts";
import { EDGE_CHECKS } from "./edge-checks.ts";
import { HOST_CHECKS } from "./host-checks.ts";
import { NOT_DECIDED } from "./not-decided.ts";
import type { Recording } from "./recording.ts";
import { record } from "./scenario.ts";

const TABLE = new URL("../../../docs/sparkplug-conformance.md", import.meta.url);
const VERSIONS = [4, 5] as const;
const verdicts = new Map<string, string[]>();

test("every assertion has a check or a reason, and every check an assertion", () => {
  const ids = new Set(ASSERTIONS.map(([id]) => id));
  const unknown = [EDGE_CHECKS, HOST_CHECKS, NOT_DECIDED]
    .flatMap((table) => Object.keys(table))
    .filter((id) => !ids.has(id));
  assert.deepEqual(unknown, []);
  const open = ASSERTIONS.filter(
    ([id, profile]) => checksOf(id, profile).length === 0 && NOT_DECIDED[id] === undefined,
  );
  assert.deepEqual(open, []);
});

for (const version of VERSIONS) {
  test(`Sparkplug 3.0 over ${version === 5 ? "MQTT 5" : "MQTT 3.1.1"}`, async (t) => {
    if (missing(t, "Mosquitto", mosquittoProgram)) return;
    const recording = await record(t, version);
    for (const [id, profile] of ASSERTIONS) {
      const checks = checksOf(id, profile);
      if (checks.length === 0) continue;
      await t.test(id, () => {
        const list = verdicts.get(id) ?? [];
        verdicts.set(id, list);
        list.push("**fails**");
        for (const check of checks) check(recording);
        list[list.length - 1] = "holds";
      });
    }
  });
}

after(() => {
  if (verdicts.size === 0) return;
  const shown = table();
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(TABLE, shown);
  assert.equal(
    readFileSync(TABLE, "utf8"),
    shown,
    "docs/sparkplug-conformance.md differs: run this test with UPDATE_DOCS=1",
  );
});

function checksOf(id: string, profile: Profile): ((recording: Recording) => void)[] {
  const checks = [];
  if (profile.includes("edge") && EDGE_CHECKS[id] !== undefined) checks.push(EDGE_CHECKS[id]);
  if (profile.includes("host") && HOST_CHECKS[id] !== undefined) checks.push(HOST_CHECKS[id]);
  return checks;
}

function table(): string {
  const decided = ASSERTIONS.filter(([id]) => verdicts.has(id));
  const count = (profile: string): number => decided.filter(([, bound]) => bound.includes(profile)).length;
  return [
    "# Sparkplug 3.0, assertion by assertion",
    "",
    "What the edge node and the host application of this package do, recorded on the wire between them and Mosquitto and checked",
    "against every normative assertion of the [Sparkplug 3.0 specification](https://sparkplug.eclipse.org/specification/version/3.0/)",
    "by `npm test -- test/conformance`. The texts stand in the specification under `tck-id-` and the id.",
    "",
    `${ASSERTIONS.length} assertions: ${count("edge")} shown of the edge node, ${count("host")} of the host application,`,
    `${ASSERTIONS.length - decided.length} that no recording can decide. The edge node is set to leave datatypes out of data; by default it sends them,`,
    "against one SHOULD NOT, because many readers lose values without.",
    "",
    "| assertion | binds | keyword | MQTT 3.1.1 | MQTT 5 |",
    "|---|---|---|---|---|",
    ...ASSERTIONS.map(([id, profile, keyword]) => {
      const [old = "", five = ""] = verdicts.get(id) ?? [NOT_DECIDED[id] ?? "", ""];
      return `| ${id} | ${profile} | ${keyword} | ${old} | ${five} |`;
    }),
    "",
  ].join("\n");
}
