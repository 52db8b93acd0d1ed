import { OPCUAClient, OPCUACertificateManager } from "node-opcua";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** What a server says it holds for its clients, without the one that asks. */
export interface ServerHoldings {
  readonly sessions: number;
  readonly subscriptions: number;
}

/** ServerDiagnosticsSummary: CurrentSessionCount and CurrentSubscriptionCount (OPC 10000-5, 12.9). */
const SESSIONS = "i=2277";
const SUBSCRIPTIONS = "i=2285";

/** What a server holds for others than who asks. */
export async function holdingsOf(url: string): Promise<ServerHoldings> {
  const [sessions, subscriptions] = await readNumbers(url, [SESSIONS, SUBSCRIPTIONS]);
  return { sessions: sessions! - 1, subscriptions: subscriptions! };
}

/** Reads numbers over a session of its own, which is closed again. */
export async function readNumbers(url: string, nodeIds: readonly string[]): Promise<number[]> {
  const rootFolder = mkdtempSync(path.join(os.tmpdir(), "fplus-pki-"));
  const client = OPCUAClient.create({
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 1 },
    clientCertificateManager: new OPCUACertificateManager({ rootFolder }),
  });
  await client.connect(url);
  const session = await client.createSession();
  const values = await session.read(nodeIds.map((nodeId) => ({ nodeId, attributeId: 13 })));
  await session.close();
  await client.disconnect();
  rmSync(rootFolder, { recursive: true, force: true });
  return values.map(({ value }) => Number(value.value));
}
