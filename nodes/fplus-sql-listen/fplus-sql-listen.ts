import type { NodeAPI } from "node-red";
import type { Notification } from "../../lib/database/index.ts";
import { FplusError } from "../../lib/errors/index.ts";
import { databaseOf } from "../fplus-database/service.ts";
import { amount, defineNode, liveStatus, type Message } from "../frame/index.ts";

interface ListenConfig {
  readonly name: string;
  readonly database: string;
  /** Separated by commas or line ends. */
  readonly channels: string;
  readonly format: "auto" | "text";
}

/** Hands on what NOTIFY sends, over losses of the connection. */
export default function (RED: NodeAPI): void {
  defineNode<ListenConfig>(RED, "fplus-sql-listen", (node) => {
    const channels = node.config.channels.split(/[,\n]/).flatMap((name) => name.trim() || []);
    if (channels.length === 0) {
      throw new FplusError("config.missing", "no channel is named", {
        field: "channels",
        hint: "Write the name that NOTIFY uses, several with commas between.",
      });
    }
    const lease = databaseOf(node);
    let isListening = false;
    let heard = 0;
    let stop: (() => Promise<void>) | undefined;
    let isClosed = false;
    const started = lease.ready
      .then(() =>
        lease.value.listen(channels, {
          heard(notification) {
            heard += 1;
            node.send([messageOf(notification, node.config.format), null]);
          },
          listening(up, error) {
            isListening = up;
            if (error !== undefined) node.report(error);
            node.send([null, { payload: up }] as Message[]);
          },
        }),
      )
      .then(async (end) => {
        stop = end;
        if (isClosed) await end();
      })
      .catch((error: unknown) => node.report(error));
    const stopStatus = liveStatus(node, () =>
      isListening ? ["up", `${amount(heard)} heard`] : ["warning", "connecting"],
    );
    return {
      async close() {
        isClosed = true;
        stopStatus();
        await stop?.();
        // While the database is away, its answer comes later and ends the listening by itself.
        await Promise.race([started, new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
        await lease.release();
      },
    };
  });
}

function messageOf({ channel, payload, sender }: Notification, format: ListenConfig["format"]): Message {
  return { topic: channel, payload: format === "text" ? payload : parsed(payload), sender } as unknown as Message;
}

/** JSON where it is some, else the text. */
function parsed(text: string): unknown {
  if (!/^\s*[[{"\d-]|^\s*(true|false|null)\s*$/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
