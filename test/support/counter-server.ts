/**
 * An OPC UA server whose tags count: every missing or doubled sample downstream is visible as a hole or a repeat.
 * Runs as a process of its own: `node counter-server.ts <folder> <port> <tags> <periodMs> [start] [--hands-over]`;
 * its certificates are in the folder. Prints `ready` when it listens.
 */
import { DataType, OPCUACertificateManager, OPCUAServer, StatusCodes, Variant } from "node-opcua";

const pki = process.argv[2]!;
const [port = 0, tags = 10, periodMs = 100, start = 0] = process.argv.slice(3).map(Number);
/** Whether a subscription may be taken over by an anonymous client without security, which the standard advises against. */
const handsOver = process.argv.includes("--hands-over");

const server = new OPCUAServer({
  host: "127.0.0.1",
  hostname: "127.0.0.1",
  port,
  resourcePath: "/counter",
  allowAnonymous: true,
  allowAnonymousSubscriptionTransferOnUnsecuredChannel: handsOver,
  serverCertificateManager: new OPCUACertificateManager({
    rootFolder: pki,
    automaticallyAcceptUnknownCertificate: true,
  }),
});
await server.initialize();
const space = server.engine.addressSpace!;
const namespace = space.getOwnNamespace();
const device = namespace.addObject({ organizedBy: space.rootFolder.objects, browseName: "Counter1" });
const variables = Array.from({ length: tags }, (_, i) =>
  namespace.addVariable({
    componentOf: device,
    browseName: `Count${String(i).padStart(3, "0")}`,
    nodeId: `s=Count${i}`,
    dataType: DataType.UInt32,
    minimumSamplingInterval: 0,
    value: new Variant({ dataType: DataType.UInt32, value: start }),
  }),
);

let count = start;
await server.start();
const timer = setInterval(() => {
  count += 1;
  const now = new Date();
  for (const variable of variables) {
    variable.setValueFromSource({ dataType: DataType.UInt32, value: count }, StatusCodes.Good, now);
  }
}, periodMs);
process.stdout.write("ready\n");

process.on("SIGTERM", () => {
  clearInterval(timer);
  server.shutdown(0).then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
