import type { NodeAPI } from "node-red";
import { messageOf } from "../../lib/errors/index.ts";
import { openHistorian } from "../../lib/historian/index.ts";
import { substituteAll } from "../frame/substitute.ts";
import { type HistorianConfig, influxOptions } from "./settings.ts";

interface DialogValues extends HistorianConfig {
  readonly id?: string;
  /** Left out where the stored one was not retyped. */
  readonly token?: string;
}

/** `POST /fplus/historian/test` tries the values of a dialog. */
export function serveTest(RED: NodeAPI): void {
  RED.httpAdmin.post(
    "/fplus/historian/test",
    RED.auth.needsPermission("fplus-historian.write"),
    (request, response) => {
      tryServer(RED, request.body as DialogValues).then(
        (text) => response.json({ ok: true, text }),
        (error: unknown) => response.json({ ok: false, text: messageOf(error) }),
      );
    },
  );
}

/** Reads once; nothing that is stored on the server changes or goes. */
async function tryServer(RED: NodeAPI, values: DialogValues): Promise<string> {
  const config = substituteAll(values, (name) => process.env[name]);
  const stored = (values.id === undefined ? {} : RED.nodes.getCredentials(values.id)) as { token?: string } | undefined;
  const options = influxOptions(config, config.token ?? stored?.token);
  const store = openHistorian({ ...options, retentionDays: 0, bucketRetention: false, rollUps: [] });
  try {
    const to = Date.now();
    await store.query({ signals: ["fplus-connection-test"], from: to - 1, to, aggregate: "raw" });
    return `Connected: ${store.health().detail}`;
  } finally {
    await store.close();
  }
}
