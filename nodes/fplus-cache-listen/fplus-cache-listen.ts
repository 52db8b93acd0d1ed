import type { NodeAPI } from "node-red";
import { FplusError } from "../../lib/errors/index.ts";
import { cacheOf } from "../fplus-cache-store/service.ts";
import { amount, defineNode, liveStatus, type Message } from "../frame/index.ts";

interface ListenConfig {
  readonly name: string;
  readonly cache: string;
  /** Names or patterns, separated by commas or line ends. */
  readonly channels: string;
}

/** Hands on what is published in a cache. */
export default function (RED: NodeAPI): void {
  defineNode<ListenConfig>(RED, "fplus-cache-listen", (node) => {
    const channels = node.config.channels.split(/[,\n]/).flatMap((name) => name.trim() || []);
    if (channels.length === 0) {
      throw new FplusError("config.missing", "no channel is named", {
        field: "channels",
        hint: "Write the name that is published to; * stands for any text.",
      });
    }
    const lease = cacheOf(node);
    let isListening = false;
    let heard = 0;
    const started = lease.ready.then(() =>
      lease.value.subscribe(channels, {
        heard(channel, value) {
          heard += 1;
          node.send([{ topic: channel, payload: value } as Message, null]);
        },
        listening(up, error) {
          isListening = up;
          if (error !== undefined) node.report(error);
          node.send([null, { payload: up } as Message]);
        },
      }),
    );
    started.catch((error: unknown) => node.report(error));
    const stopStatus = liveStatus(node, () =>
      isListening ? ["up", `${amount(heard)} heard`] : ["warning", "connecting"],
    );
    return {
      async close() {
        stopStatus();
        const stop = await started.catch(() => undefined);
        await stop?.();
        await lease.release();
      },
    };
  });
}
