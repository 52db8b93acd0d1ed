import { mkdirSync } from "node:fs";
import path from "node:path";
import { freePorts } from "./ports.ts";
import { findProgram, startService } from "./services.ts";

/** An influxd of InfluxDB 2 that `influxd2/build.sh` made. */
export const influxd2Program = findProgram(
  "FPLUS_TEST_INFLUXD2",
  path.resolve(import.meta.dirname, "../../.tmp/go/influxd2"),
);

/** A real InfluxDB 2 on the loopback, set up with the organisation and the bucket `plant`, with its data in a folder of the test. */
export interface Influxd2 {
  readonly url: string;
  readonly org: string;
  readonly bucket: string;
  /** Of an operator, who may do everything. */
  readonly token: string;
  readonly pid: number;
  /** Asks the server's API; JSON in and out. Throws what it answers where it refuses. */
  ask(path: string, method?: string, body?: object): Promise<unknown>;
  /** A token of somebody who may do only this, to all buckets: `["read", "buckets"]`. */
  tokenFor(...rights: readonly (readonly [action: "read" | "write", type: string])[]): Promise<string>;
  stop(): Promise<void>;
}

const [ORG, BUCKET, TOKEN] = ["factory", "plant", "operator-token-of-the-test"];

/** Starts influxd 2 and waits until it answers; the same folder and port bring back the same data. */
export async function startInfluxd2(folder: string, port?: number): Promise<Influxd2> {
  const [free] = await freePorts(1);
  const bind = `127.0.0.1:${port ?? free!}`;
  const url = `http://${bind}`;
  mkdirSync(folder, { recursive: true });
  const service = await startService(
    influxd2Program ?? "influxd2",
    Object.entries({
      "http-bind-address": bind,
      "bolt-path": path.join(folder, "influxd.bolt"),
      "sqlite-path": path.join(folder, "influxd.sqlite"),
      "engine-path": path.join(folder, "engine"),
      "log-level": "error",
      "reporting-disabled": "true",
    }).map(([name, value]) => `--${name}=${value}`),
    async () => (await fetch(`${url}/health`)).ok,
  );
  const ask = async (place: string, method = "GET", body?: object): Promise<unknown> => {
    const response = await fetch(url + place, {
      method,
      headers: { authorization: `Token ${TOKEN}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${place}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  const { allowed } = (await ask("/api/v2/setup")) as { allowed: boolean };
  const owner = { username: "owner", password: "password of the test" };
  if (allowed) await ask("/api/v2/setup", "POST", { ...owner, org: ORG, bucket: BUCKET, token: TOKEN });
  return {
    url,
    org: ORG,
    bucket: BUCKET,
    token: TOKEN,
    pid: service.child.pid!,
    ask,
    async tokenFor(...rights) {
      const { orgs } = (await ask(`/api/v2/orgs?org=${ORG}`)) as { orgs: { id: string }[] };
      const orgID = orgs[0]!.id;
      const permissions = rights.map(([action, type]) => ({ action, resource: { type, orgID } }));
      const { token } = (await ask("/api/v2/authorizations", "POST", { orgID, permissions })) as { token: string };
      return token;
    },
    stop: () => service.stop("SIGKILL"),
  };
}
