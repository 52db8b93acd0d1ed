import type { ApplicationDescription, ClientSession, EndpointDescription, OPCUAClient } from "node-opcua";
import { FplusError, messageOf } from "../errors/index.ts";
import { openApplication } from "./application.ts";
import { type CertificateInfo, describeCertificate, parseCertificate, splitChain } from "./certificate.ts";
import { connectionError } from "./diagnosis.ts";
import { loadOpcua, type Opcua } from "./load.ts";
import { modeOf, policyOf, type SecurityMode, type SecurityPolicy } from "./security.ts";
import { isServerUrl, withHost, withPath } from "./server-address.ts";

/** One way to connect to a server. */
export interface OfferedEndpoint {
  /** The address that answered, whatever name the server gives itself. */
  readonly url: string;
  readonly mode: SecurityMode;
  readonly policy: SecurityPolicy;
  /** The server's own opinion of how safe it is, 0 to 255. */
  readonly level: number;
  /** How users may sign in. */
  readonly users: readonly ("anonymous" | "password" | "certificate")[];
  readonly certificate: CertificateInfo | undefined;
}

/** A server that was found, the safest way to connect first. */
export interface FoundServer {
  readonly name: string;
  readonly applicationUri: string;
  readonly url: string;
  readonly endpoints: readonly OfferedEndpoint[];
  /** Why it could not be asked; empty where it could. */
  readonly problem: string;
}

const ANSWER_MS = 4_000;
/** Other servers that a discovery server names, at most. */
const MAX_SERVERS = 20;
const SERVERS_AT_ONCE = 4;
const REDUNDANT_URIS = "i=11314";
const REDUNDANT_SERVERS = "i=11313";
const VALUE_ATTRIBUTE = 13;

/**
 * Asks a host which OPC UA servers it knows (FindServers) and each of them how one may connect (GetEndpoints).
 * @param address `host`, `host:port` or `opc.tcp://…`; the port is 4840 where left out
 * @throws FplusError `config.invalid` for what is no address; `opcua.unreachable` when nobody answers there
 */
export async function findServers(address: string, pkiFolder: string): Promise<FoundServer[]> {
  const url = discoveryUrl(address);
  const opcua = await loadOpcua();
  const asked = await withClient(opcua, url, pkiFolder, async (client) => ({
    // A server without the discovery service still tells its endpoints.
    servers: await client.findServers().catch(() => []),
    endpoints: await client.getEndpoints(),
  }));
  const first = foundServer(opcua, url, asked.endpoints);
  const others = asked.servers
    .filter(({ applicationUri, discoveryUrls }) => applicationUri !== first?.applicationUri && discoveryUrls?.length)
    .filter(({ applicationType }) => applicationType !== opcua.ApplicationType.Client)
    .slice(0, MAX_SERVERS);
  const found: FoundServer[] = first === undefined ? [] : [first];
  for (let at = 0; at < others.length; at += SERVERS_AT_ONCE) {
    const slice = others.slice(at, at + SERVERS_AT_ONCE);
    found.push(...(await Promise.all(slice.map((server) => askServer(opcua, server, url, pkiFolder)))));
  }
  return found;
}

/**
 * Addresses of the other servers of a redundant set, as the server that we are connected to names them.
 * @returns none where the server is not redundant or does not say
 */
export async function readStandIns(session: ClientSession, url: string, pkiFolder: string): Promise<string[]> {
  const [uris, servers] = await session.read(
    [REDUNDANT_URIS, REDUNDANT_SERVERS].map((nodeId) => ({ nodeId, attributeId: VALUE_ATTRIBUTE })),
  );
  const named = new Set<string>();
  for (const uri of arrayOf(uris?.value?.value)) if (typeof uri === "string") named.add(uri);
  for (const server of arrayOf(servers?.value?.value)) {
    const { serverId } = (server ?? {}) as { serverId?: unknown };
    if (typeof serverId === "string") named.add(serverId);
  }
  if (named.size === 0) return [];
  const opcua = await loadOpcua();
  const known = await withClient(opcua, url, pkiFolder, (client) =>
    client.findServers({ serverUris: [...named] }).catch(() => []),
  );
  const urls = known
    .filter(({ applicationUri }) => named.has(applicationUri ?? ""))
    .flatMap(({ discoveryUrls }) => (discoveryUrls ?? []).slice(0, 1))
    .filter((one): one is string => typeof one === "string" && isServerUrl(one) && one !== url);
  return [...new Set(urls)];
}

function discoveryUrl(address: string): string {
  const text = address.trim();
  const url = /^[a-z.]+:\/\//i.test(text) ? text : `opc.tcp://${text}`;
  if (isServerUrl(url)) return url;
  throw new FplusError("config.invalid", `not an OPC UA address: ${text || "empty"}`, {
    field: "url",
    hint: "Write a host like 192.168.0.10, or an address like opc.tcp://192.168.0.10:4840.",
  });
}

/** Asks a server that was named; under the host that named it where its own name leads nowhere. */
async function askServer(
  opcua: Opcua,
  server: ApplicationDescription,
  askedUrl: string,
  pkiFolder: string,
): Promise<FoundServer> {
  const urls = (server.discoveryUrls ?? []).filter((one): one is string => typeof one === "string" && isServerUrl(one));
  const ways = [...new Set([...urls, ...urls.map((one) => withHost(one, askedUrl))])].slice(0, 3);
  let problem = "it names no address of the kind opc.tcp";
  for (const url of ways) {
    try {
      const endpoints = await withClient(opcua, url, pkiFolder, (client) => client.getEndpoints());
      const found = foundServer(opcua, url, endpoints);
      if (found !== undefined) return found;
    } catch (error) {
      problem = messageOf(error);
    }
  }
  const { applicationUri } = server;
  const name = server.applicationName.text ?? applicationUri ?? "";
  return { name, applicationUri: applicationUri ?? "", url: urls[0] ?? "", endpoints: [], problem };
}

function foundServer(opcua: Opcua, url: string, offered: readonly EndpointDescription[]): FoundServer | undefined {
  const description = offered[0]?.server;
  if (description === undefined) return undefined;
  const endpoints = offered.flatMap((one) => offeredEndpoint(opcua, url, one) ?? []);
  const distinct = new Map(endpoints.map((one) => [`${one.mode} ${one.policy}`, one]));
  return {
    name: description.applicationName.text ?? description.applicationUri ?? url,
    applicationUri: description.applicationUri ?? "",
    url: endpoints[0]?.url ?? url,
    endpoints: [...distinct.values()].toSorted((a, b) => b.level - a.level || rank(b) - rank(a)),
    problem: "",
  };
}

function offeredEndpoint(opcua: Opcua, url: string, offered: EndpointDescription): OfferedEndpoint | undefined {
  const policy = policyOf(offered.securityPolicyUri);
  const mode = modeOf(opcua, offered.securityMode);
  if (policy === undefined || mode === undefined || !(offered.endpointUrl ?? "opc.tcp:").startsWith("opc.tcp:"))
    return undefined;
  const kinds = new Map<number, OfferedEndpoint["users"][number]>([
    [opcua.UserTokenType.Anonymous, "anonymous"],
    [opcua.UserTokenType.UserName, "password"],
    [opcua.UserTokenType.Certificate, "certificate"],
  ]);
  const users = (offered.userIdentityTokens ?? []).flatMap(({ tokenType }) => kinds.get(tokenType) ?? []);
  return {
    url: withPath(url, offered.endpointUrl ?? url),
    mode,
    policy,
    level: offered.securityLevel,
    users: [...new Set(users)],
    certificate: certificateOf(offered.serverCertificate),
  };
}

function certificateOf(chain: Buffer | null): CertificateInfo | undefined {
  if (chain === null || chain.length === 0) return undefined;
  try {
    return describeCertificate(parseCertificate(splitChain(chain)[0]!));
  } catch {
    return undefined;
  }
}

function rank({ mode }: OfferedEndpoint): number {
  return ["None", "Sign", "SignAndEncrypt"].indexOf(mode);
}

function arrayOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

async function withClient<R>(
  opcua: Opcua,
  url: string,
  pkiFolder: string,
  job: (client: OPCUAClient) => Promise<R>,
): Promise<R> {
  const { applicationUri, keyPair } = await openApplication(pkiFolder);
  const client = opcua.OPCUAClient.create({
    applicationName: "Factory+ for Node-RED",
    applicationUri,
    certificateKeyPairProvider: keyPair,
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 0, initialDelay: 500, maxDelay: 1000 },
    transportTimeout: ANSWER_MS,
    defaultTransactionTimeout: ANSWER_MS,
  });
  try {
    await client.connect(url);
    return await job(client);
  } catch (error) {
    throw connectionError(url, error);
  } finally {
    await client.disconnect().catch(() => undefined);
  }
}
