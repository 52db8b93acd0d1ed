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

/** Asks a server over a session of its own, which is closed again. */
export async function holdingsOf(url: string): Promise<ServerHoldings> {
  const rootFolder = mkdtempSync(path.join(os.tmpdir(), "fplus-pki-"));
  const client = OPCUAClient.create({
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 1 },
    clientCertificateManager: new OPCUACertificateManager({ rootFolder }),
  });
  await client.connect(url);
  const session = await client.createSession();
  const [sessions, subscriptions] = await session.read([
    { nodeId: SESSIONS, attributeId: 13 },
    { nodeId: SUBSCRIPTIONS, attributeId: 13 },
  ]);
  await session.close();
  await client.disconnect();
  rmSync(rootFolder, { recursive: true, force: true });
  return { sessions: Number(sessions!.value.value) - 1, subscriptions: Number(subscriptions!.value.value) };
}
