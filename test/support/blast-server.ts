/**
 * An OPC UA server that answers every Publish request at once with a change of every item, from bytes made beforehand: the client is
 * what limits. Runs as a process of its own: `node blast-server.ts <port> <tags>`. Prints `ready` when it listens.
 */
import {
  BinaryStream,
  DataChangeNotification,
  DataType,
  DataValue,
  OPCUACertificateManager,
  OPCUAServer,
  PublishResponse,
  Variant,
} from "node-opcua";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const [port = 0, tags = 1000] = process.argv.slice(2).map(Number);
const pki = mkdtempSync(path.join(os.tmpdir(), "fplus-blast-"));
/** Ticks of 100 ns from 1601 to now, and how many a message moves on. */
const EPOCH_TICKS = 116_444_736_000_000_000n;
const STEP_TICKS = 10_000n;

const server = new OPCUAServer({
  host: "127.0.0.1",
  hostname: "127.0.0.1",
  port,
  resourcePath: "/blast",
  allowAnonymous: true,
  serverCertificateManager: new OPCUACertificateManager({
    rootFolder: pki,
    automaticallyAcceptUnknownCertificate: true,
  }),
});
await server.initialize();
const space = server.engine.addressSpace!;
const namespace = space.getOwnNamespace();
const device = namespace.addObject({ organizedBy: space.rootFolder.objects, browseName: "Blast" });
for (let i = 0; i < tags; i++) {
  namespace.addVariable({
    componentOf: device,
    browseName: `Value${i}`,
    nodeId: `s=Count${i}`,
    dataType: DataType.Double,
    minimumSamplingInterval: 0,
    value: new Variant({ dataType: DataType.Double, value: i }),
  });
}

/** A notification whose bytes are there already; only its times change. */
class ReadyNotification extends DataChangeNotification {
  readonly #bytes: Buffer;
  readonly #places: readonly number[];
  #ticks = BigInt(Date.now()) * 10_000n + EPOCH_TICKS;

  constructor(handles: readonly number[]) {
    super(null);
    const plain = new DataChangeNotification({
      monitoredItems: handles.map((clientHandle, i) => ({
        clientHandle,
        value: new DataValue({
          value: { dataType: DataType.Double, value: i + 0.5 },
          sourceTimestamp: new Date(0),
          serverTimestamp: new Date(0),
        }),
      })),
    });
    const stream = new BinaryStream(plain.binaryStoreSize());
    plain.encode(stream as never);
    this.#bytes = stream.buffer;
    // An item is handle, mask, type, double and two times: 4 + 1 + 1 + 8 + 8 + 8 bytes.
    this.#places = handles.map((_, i) => 4 + i * 30 + 14);
  }

  next(): void {
    this.#ticks += STEP_TICKS;
    for (const at of this.#places) this.#bytes.writeBigInt64LE(this.#ticks, at);
  }

  override encode(stream: never): void {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    (stream as unknown as ByteSink).writeArrayBuffer(buffer, byteOffset, byteLength);
  }
}

/** The part of node-opcua's streams that is written to here. */
interface ByteSink {
  writeArrayBuffer(bytes: ArrayBufferLike, offset: number, length: number): void;
}

/** The parts of node-opcua's server that are taken over here. */
interface PublishEngine {
  readonly subscriptions: readonly {
    readonly id: number;
    readonly monitoredItems: ReadonlyMap<number, { readonly clientHandle: number }>;
  }[];
  _on_PublishRequest(request: object, answer: (request: object, response: PublishResponse) => void): void;
}
const PUBLISH = "_on_PublishRequest";

server.on("create_session", (session) => {
  const engine = (session as unknown as { publishEngine: PublishEngine }).publishEngine;
  const usual = engine[PUBLISH].bind(engine);
  let notification: ReadyNotification | undefined;
  let sequenceNumber = 0;
  engine[PUBLISH] = (request, answer) => {
    const subscription = engine.subscriptions[0];
    if (subscription === undefined || subscription.monitoredItems.size < tags) return usual(request, answer);
    const handles = Array.from(subscription.monitoredItems.values(), ({ clientHandle }) => clientHandle);
    notification ??= new ReadyNotification(handles);
    notification.next();
    sequenceNumber += 1;
    const response = new PublishResponse({
      subscriptionId: subscription.id,
      notificationMessage: { sequenceNumber, publishTime: new Date(), notificationData: [] },
    });
    response.notificationMessage.notificationData = [notification];
    return answer(request, response);
  };
});

await server.start();
process.stdout.write("ready\n");
process.on("SIGTERM", () => {
  rmSync(pki, { recursive: true, force: true });
  process.exit(0);
});
