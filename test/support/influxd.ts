import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { freePorts } from "./ports.ts";
import { startService } from "./services.ts";

/** A real influxd on the loopback, with its data in a folder of the test. */
export interface Influxd {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts influxd 1.x and waits until it answers; the same folder and port bring back the same data. */
export async function startInfluxd(program: string, folder: string, port?: number): Promise<Influxd> {
  const [http, rpc] = await freePorts(2);
  const bind = port ?? http!;
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, "influxdb.conf");
  writeFileSync(
    file,
    `reporting-disabled = true
bind-address = "127.0.0.1:${rpc!}"
[meta]
dir = "${folder}/meta"
[data]
dir = "${folder}/data"
wal-dir = "${folder}/wal"
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:${bind}"
flux-enabled = true
log-enabled = false
[subscriber]
enabled = false
`,
  );
  const url = `http://127.0.0.1:${bind}`;
  const service = await startService(
    program,
    ["-config", file],
    async () => (await fetch(`${url}/ping`)).status === 204,
  );
  return { url, pid: service.child.pid!, stop: () => service.stop("SIGKILL") };
}
