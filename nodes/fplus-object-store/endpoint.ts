import { FplusError, messageOf } from "../../lib/errors/index.ts";
import { type AccessKey, ObjectServer } from "../../lib/objects/index.ts";
import { type NodeContext, numberOf } from "../frame/index.ts";
import { ADDRESS_HINT, isAddress, isLoopback } from "./address.ts";
import { secretName } from "./secrets.ts";
import type { ObjectsService } from "./service.ts";

/** What the dialog says of the endpoint for programs. */
export interface EndpointConfig {
  readonly name: string;
  readonly serve: boolean;
  readonly servePort: string;
  readonly serveHost: string;
  readonly keys?: readonly KeyRow[];
}

/** A row of the list of access keys; the secret is a credential, by the row's slot. */
export interface KeyRow extends Omit<AccessKey, "secretKey"> {
  readonly slot: number;
}

/**
 * Serves the embedded store to S3 clients. The endpoint outlives redeploys, so that its clients do not notice them; new keys count at once.
 * @param place what makes it another store: its folder and its key
 */
export function serveStore(
  node: NodeContext<EndpointConfig>,
  source: ObjectsService,
  place: string,
): { close(): Promise<void> } {
  const { config, plant, id, name } = node;
  const port = numberOf(config, "servePort", { usual: 9000, least: 1, most: 65_535 });
  const host = config.serveHost || "127.0.0.1";
  if (!isAddress(host)) {
    throw new FplusError("config.invalid", `${host} is no address`, { field: "serveHost", hint: ADDRESS_HINT });
  }
  const keys = keysOf(node);
  const store = source.lease();
  try {
    const options = { host, port, keys, name: `${name} S3`, onError: (error: unknown) => node.report(error) };
    const lease = plant.leases.acquireShown(
      `s3-endpoint ${id}`,
      plant.health,
      () => new ObjectServer(store.value, options),
      JSON.stringify([host, port, place]),
    );
    if (!isLoopback(host)) {
      node.warn(
        `${host}:${port} is open to the network without TLS: whoever listens on the line reads the objects. Put a proxy with a certificate in front.`,
      );
    }
    const opening = lease.ready
      .then(() => store.ready)
      .then(() => (lease.value.listening ? lease.value.use(keys) : lease.value.open()))
      .then(
        () => node.log(`S3 at http://${host}:${port}`),
        (error: unknown) => node.report(error),
      );
    return {
      async close() {
        await opening;
        await lease.release();
        await store.release();
      },
    };
  } catch (error) {
    store.release().catch((failure: unknown) => node.warn(messageOf(failure)));
    throw error;
  }
}

function keysOf({ config, credentials }: NodeContext<EndpointConfig>): AccessKey[] {
  return (Array.isArray(config.keys) ? config.keys : []).map(({ slot, name, accessKey, buckets, rights }) => ({
    name,
    accessKey,
    secretKey: credentials[secretName(slot)] ?? "",
    buckets,
    rights,
  }));
}
