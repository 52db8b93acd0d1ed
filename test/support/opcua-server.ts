import {
  ApplicationDescription,
  ApplicationType,
  DataType,
  makeRoles,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAServer,
  SecurityPolicy,
  StatusCodes,
  type UAVariable,
  Variant,
  VariantArrayType,
  WellKnownRoles,
} from "node-opcua";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setWarningLogger } from "node-opcua-debug";
import { RequestGuard, type RequestLimits } from "./request-guard.ts";

/** How a test's server is set up; what is left out is the simplest. */
export interface TestServerOptions {
  readonly port: number;
  /** Folder of its certificates; another folder is another certificate. A fresh one where left out. */
  readonly pkiFolder?: string;
  /** Certificate and key of its own, as PEM files. */
  readonly certificate?: { readonly certificateFile: string; readonly privateKeyFile: string };
  /** With every policy and mode that node-opcua has. */
  readonly secure?: boolean;
  /** With Basic256 and Basic128Rsa15 too. */
  readonly withdrawn?: boolean;
  /** Only endpoints with security. */
  readonly withoutNone?: boolean;
  /** Users by name; anonymous ones are then refused. */
  readonly users?: Readonly<Record<string, string>>;
  /** Folder whose `trusted/certs` holds the users' certificates. */
  readonly userPkiFolder?: string;
  readonly maxSessions?: number;
  /** Limits it states, as in OPC 10000-5 6.3.11. */
  readonly operationLimits?: Readonly<Record<string, number>>;
  /** Limits it keeps to without a word of them. */
  readonly silentLimits?: RequestLimits;
  /** Bytes of the longest message that it takes. */
  readonly maxMessageSize?: number;
  /** Namespace URIs, in the order in which they are registered; the tags are in `COUNTER_NAMESPACE`. */
  readonly namespaces?: readonly string[];
  /** Two servers of a redundant set have two. */
  readonly applicationUri?: string;
  readonly serviceLevel?: number;
  /** Other servers that it knows, by their application's URI. */
  readonly peers?: Readonly<Record<string, string>>;
  readonly tags?: number;
  readonly periodMs?: number;
}

/** The namespace of the counting tags: `nsu=urn:test:counter;s=Count0` and so on. */
export const COUNTER_NAMESPACE = "urn:test:counter";

/** A node-opcua server inside the test, whose tags count, and whose sessions and subscriptions can be counted. */
export class TestServer {
  /** What it was asked. */
  readonly requests = new RequestGuard();
  readonly #options: TestServerOptions;
  readonly #pki: string;
  #server: OPCUAServer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  #serviceLevel: number;

  constructor(options: TestServerOptions) {
    this.#options = options;
    this.#pki = options.pkiFolder ?? mkdtempSync(path.join(os.tmpdir(), "fplus-server-"));
    this.#serviceLevel = options.serviceLevel ?? 255;
  }

  get url(): string {
    return `opc.tcp://127.0.0.1:${this.#options.port}/test`;
  }

  /** What the tags show now. */
  get count(): number {
    return this.#count;
  }

  get sessions(): number {
    return this.#server?.currentSessionCount ?? 0;
  }

  get subscriptions(): number {
    return this.#server?.currentSubscriptionCount ?? 0;
  }

  get channels(): number {
    return this.#server?.currentChannelCount ?? 0;
  }

  get certificate(): Buffer {
    return this.#server!.getCertificate();
  }

  set serviceLevel(level: number) {
    this.#serviceLevel = level;
  }

  async open(): Promise<void> {
    const { port, certificate, users, userPkiFolder, namespaces = [COUNTER_NAMESPACE], maxSessions } = this.#options;
    setWarningLogger(() => undefined);
    const server = new OPCUAServer({
      host: "127.0.0.1",
      hostname: "127.0.0.1",
      port,
      resourcePath: "/test",
      allowAnonymous: users === undefined && userPkiFolder === undefined,
      ...certificate,
      ...securityOf(this.#options),
      serverInfo: { applicationUri: this.#options.applicationUri ?? "urn:test:server" },
      serverCertificateManager: new OPCUACertificateManager({
        rootFolder: this.#pki,
        automaticallyAcceptUnknownCertificate: true,
        disableFileWatchers: true,
      }),
      ...(userPkiFolder === undefined
        ? {}
        : {
            userCertificateManager: new OPCUACertificateManager({
              rootFolder: userPkiFolder,
              automaticallyAcceptUnknownCertificate: false,
              disableFileWatchers: true,
            }),
          }),
      userManager: {
        isValidUser: (name: string, password: string) => users?.[name] === password,
        getUserRoles: () => makeRoles([WellKnownRoles.AuthenticatedUser, WellKnownRoles.Operator]),
      },
      serverCapabilities: {
        maxSessions: maxSessions ?? 50,
        operationLimits: this.#options.operationLimits ?? {},
      },
    });
    this.requests.limits = this.#options.silentLimits ?? {};
    this.requests.guard(server);
    await server.initialize();
    const space = server.engine.addressSpace!;
    for (const uri of namespaces) space.registerNamespace(uri);
    const namespace = space.getNamespace(COUNTER_NAMESPACE);
    const counter = namespace.addObject({ organizedBy: space.rootFolder.objects, browseName: "Counter1" });
    const variables = Array.from({ length: this.#options.tags ?? 3 }, (_, i) =>
      namespace.addVariable({
        componentOf: counter,
        browseName: `Count${i}`,
        nodeId: `s=Count${i}`,
        dataType: DataType.UInt32,
        minimumSamplingInterval: 0,
        value: new Variant({ dataType: DataType.UInt32, value: this.#count }),
      }),
    );
    await server.start();
    this.#server = server;
    this.#introduce(server);
    const level = space.findNode("i=2267") as UAVariable;
    level.bindVariable({ get: () => new Variant({ dataType: DataType.Byte, value: this.#serviceLevel }) }, true);
    this.#timer = setInterval(() => this.#tick(variables), this.#options.periodMs ?? 100);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const server = this.#server;
    this.#server = undefined;
    await server?.shutdown(0);
    if (this.#options.pkiFolder === undefined) rmSync(this.#pki, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Its peers are in its ServerUriArray, and found by FindServers. */
  #introduce(server: OPCUAServer): void {
    const { peers = {} } = this.#options;
    if (Object.keys(peers).length === 0) return;
    const known = Object.entries(peers).map(
      ([applicationUri, url]) =>
        new ApplicationDescription({
          applicationUri,
          applicationName: { text: applicationUri },
          applicationType: ApplicationType.Server,
          discoveryUrls: [url],
        }),
    );
    const itself = server.getServers.bind(server);
    server.getServers = (channel) => [...itself(channel), ...known];
    const value = Object.keys(peers);
    const uris = server.engine.addressSpace!.findNode("i=11314") as UAVariable;
    uris.setValueFromSource({ dataType: DataType.String, arrayType: VariantArrayType.Array, value });
  }

  #tick(variables: readonly UAVariable[]): void {
    this.#count += 1;
    const now = new Date();
    for (const variable of variables)
      variable.setValueFromSource({ dataType: DataType.UInt32, value: this.#count }, StatusCodes.Good, now);
  }
}

function securityOf(options: TestServerOptions): {
  securityModes: MessageSecurityMode[];
  securityPolicies: SecurityPolicy[];
} {
  const none = options.withoutNone ? [] : [MessageSecurityMode.None];
  if (!options.secure) return { securityModes: none, securityPolicies: [SecurityPolicy.None] };
  return {
    securityModes: [...none, MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt],
    securityPolicies: [
      SecurityPolicy.None,
      ...(options.withdrawn ? [SecurityPolicy.Basic256, SecurityPolicy.Basic128Rsa15] : []),
      SecurityPolicy.Basic256Sha256,
      SecurityPolicy.Aes128_Sha256_RsaOaep,
      SecurityPolicy.Aes256_Sha256_RsaPss,
    ],
  };
}

/** An open server. */
export async function startTestServer(options: TestServerOptions): Promise<TestServer> {
  const server = new TestServer(options);
  await server.open();
  return server;
}
