import type { TestContext } from "node:test";
import { Endpoint, type EndpointOptions, Monitor, type Tag } from "../../lib/opcua/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import {
  COUNTER_NAMESPACE,
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from "../support/opcua-server.ts";
import { freePorts } from "../support/ports.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";

/** A server, a proxy before it, and a reader behind that: one line of a plant whose parts can be broken. */
export class Line {
  server: TestServer;
  readonly proxy: TcpProxy;
  readonly endpoint: Endpoint;
  readonly monitor: Monitor;
  /** The newest count that the reader has handed on. */
  newest = -1;
  readonly errors: string[] = [];
  readonly notices: string[] = [];
  readonly #serverOptions: TestServerOptions;

  constructor(server: TestServer, proxy: TcpProxy, serverOptions: TestServerOptions, options: EndpointOptions) {
    this.server = server;
    this.proxy = proxy;
    this.#serverOptions = serverOptions;
    this.endpoint = new Endpoint({
      ...options,
    });
    this.endpoint.listen({
      onError: (error) => this.errors.push(String(error)),
      onNotice: (text) => this.notices.push(text),
    });
    const tags: Tag[] = ["Count0", "Count1", "Count2"].map((metric) => ({
      device: "Counter1",
      metric,
      nodeId: `nsu=${COUNTER_NAMESPACE};s=${metric}`,
    }));
    this.monitor = new Monitor(this.endpoint, tags, {
      publishingMs: 50,
      samplingMs: 0,
      queueSize: 100,
      enumTexts: false,
      onBatch: (batch) => {
        for (let i = 0; i < batch.length; i++) this.newest = Math.max(this.newest, Number(batch.value(i)));
      },
      onError: (error) => this.errors.push(String(error)),
    });
    this.endpoint.use(this.monitor);
    this.endpoint.start();
  }

  /** Waits until counts of now arrive. */
  async counting(): Promise<void> {
    const now = this.server.count;
    await until(`counts beyond ${now}`, () => this.endpoint.state === "up" && this.newest > now);
  }

  /** Waits until counts of now arrive, and the server has one session and none left over. */
  async recovered(): Promise<void> {
    await this.counting();
    await until("one session on the server", () => this.server.sessions === 1);
  }

  /** Waits until the server has one session and one subscription; one of a session that is gone ends with its lifetime. */
  async settled(): Promise<void> {
    await this.recovered();
    await until("one subscription on the server", () => this.server.subscriptions === 1);
  }

  /** Stops the server and starts another in its place. */
  async restart(changed: Partial<TestServerOptions> = {}): Promise<void> {
    await this.server.close();
    await until("noticing", () => this.endpoint.state !== "up");
    this.newest = -1;
    this.server = await startTestServer({ ...this.#serverOptions, ...changed });
  }

  async close(): Promise<void> {
    await this.monitor.close();
    await this.endpoint.close();
    await this.proxy.close();
    await this.server.close();
  }
}

/** Times short enough for a test, in the proportions of the usual ones. */
export const QUICK = { connectTimeoutMs: 2_000, keepAliveMs: 1_000, sessionTimeoutMs: 6_000 } as const;

/** A running line, closed when the test ends. */
export async function openLine(
  t: TestContext,
  options: Partial<EndpointOptions> = {},
  serverOptions: Partial<TestServerOptions> = {},
): Promise<Line> {
  const [port] = await freePorts(1);
  const ofServer = { pkiFolder: temporaryFolder(t), ...serverOptions, port: port! };
  const server = await startTestServer(ofServer);
  const proxy = await startTcpProxy(port!);
  const line = new Line(server, proxy, ofServer, {
    name: "PLC",
    url: `opc.tcp://127.0.0.1:${proxy.port}/test`,
    pkiFolder: temporaryFolder(t),
    ...QUICK,
    ...options,
  });
  t.after(() => line.close());
  await line.recovered();
  return line;
}
