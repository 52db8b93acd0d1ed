import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { discoverTags, Endpoint, type EndpointOptions } from "../../../lib/opcua/index.ts";
import { freePorts } from "../../support/ports.ts";
import { missing } from "../../support/services.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";
import { type Feature, FEATURES, type Rig } from "./features.ts";
import { SERVERS } from "./servers.ts";

const TABLE = new URL("../../../docs/opcua-servers.md", import.meta.url);
const ROWS = Object.keys(FEATURES) as Feature[];
const verdicts = new Map<string, Map<Feature, string>>();

for (const server of SERVERS) {
  test(`OPC UA with ${server.name}`, async (t) => {
    if (missing(t, `an OPC UA server of ${server.name}`, server.found)) return;
    const folder = mkdtempSync(path.join(os.tmpdir(), "fplus-interop-"));
    t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
    const [port] = await freePorts(1);
    const running = await server.start(port!, path.join(folder, "server"));
    t.after(() => running.stop());
    const proxy = new TcpProxy(port!);
    await proxy.open();
    t.after(() => proxy.close());
    const url = running.url.replace(String(port), String(proxy.port));
    const connect = async (security: Partial<EndpointOptions>): Promise<Endpoint> => {
      const endpoint = new Endpoint({ name: "PLC", url, pkiFolder: path.join(folder, "pki"), ...security });
      t.after(() => endpoint.close());
      endpoint.start();
      await until("a session", () => endpoint.state === "up");
      return endpoint;
    };
    const endpoint = await connect({});
    const found = await endpoint.withSession((session, limits, opcua) =>
      discoverTags(session, limits, opcua, { limit: 1000 }),
    );
    endpoint.names.add(found);
    const rig: Rig = {
      server,
      endpoint,
      tags: new Map(found.map((tag) => [`${tag.device}/${tag.metric}`, tag])),
      secured: () => connect({ securityMode: "SignAndEncrypt", securityPolicy: "Basic256Sha256" }),
      async breakLink() {
        await proxy.cut();
        await new Promise((resolve) => setTimeout(resolve, 1500));
        await proxy.heal();
      },
    };
    const column = new Map<Feature, string>();
    verdicts.set(server.name, column);
    for (const feature of ROWS) {
      const lack = server.lacks[feature];
      column.set(feature, lack ?? "**fails**");
      if (lack !== undefined) continue;
      await t.test(feature, async () => {
        await FEATURES[feature](rig);
        column.set(feature, "works");
      });
    }
  });
}

after(() => {
  // The table is that of all servers.
  if (verdicts.size < SERVERS.length) return;
  const shown = table();
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(TABLE, shown);
  assert.equal(readFileSync(TABLE, "utf8"), shown, "docs/opcua-servers.md differs: run this test with UPDATE_DOCS=1");
});

function table(): string {
  return [
    "# OPC UA servers of other makers",
    "",
    "What this package does with servers that are not its own, shown on each of them by `npm test -- test/interop/opcua`: the same boiler",
    "behind asyncua (Python), Eclipse Milo (Java), open62541 (C) and node-opcua (JavaScript). Where a cell gives a reason in place of",
    "*works*, the server or its library lacks the feature, so there is nothing to show.",
    "",
    `| feature | ${SERVERS.map(({ name }) => name).join(" | ")} |`,
    `|---|${SERVERS.map(() => "---|").join("")}`,
    ...ROWS.map((feature) => {
      const cells = SERVERS.map(({ name }) => verdicts.get(name)?.get(feature) ?? "");
      return `| ${feature} | ${cells.join(" | ")} |`;
    }),
    "",
  ].join("\n");
}
