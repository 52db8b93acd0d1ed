import type { NodeAPI } from "node-red";
import { type BrokerAddress, openLink } from "../../lib/broker/index.ts";
import { FplusError, messageOf } from "../../lib/errors/index.ts";
import { defineNode, numberOf, substitute } from "../frame/index.ts";

interface BrokerConfig {
  readonly name: string;
  readonly url: string;
  readonly protocolVersion: "4" | "5";
  readonly keepalive: string | number;
  readonly verify: boolean;
}

/** What an `fplus-broker` config node offers. */
export interface BrokerService {
  address(): BrokerAddress;
}

/** The address of an MQTT broker and the credentials for it; each node that uses it has a connection of its own. */
export default function (RED: NodeAPI): void {
  defineNode<BrokerConfig>(
    RED,
    "fplus-broker",
    ({ config, credentials }) => {
      const address = addressOf(config, credentials);
      return { service: { address: () => address } satisfies BrokerService };
    },
    { credentials: { username: { type: "text" }, password: { type: "password" } }, once: serveTest },
  );
}

function addressOf(config: BrokerConfig, credentials: Readonly<Record<string, string | undefined>>): BrokerAddress {
  if (!/^(mqtts?|wss?):\/\/[^/]+/.test(config.url)) {
    throw new FplusError("config.invalid", `not a broker address: ${config.url || "empty"}`, {
      field: "url",
      hint: "Write it like mqtt://192.168.0.5:1883.",
    });
  }
  const { username, password } = credentials;
  return {
    url: config.url,
    protocolVersion: config.protocolVersion === "5" ? 5 : 4,
    keepalive: numberOf(config, "keepalive", { usual: 30, least: 1, most: 65_535 }),
    rejectUnauthorized: config.verify !== false,
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
  };
}

/** `POST /fplus/broker/test`: one connection attempt with the dialog's values; a stored password is used where it was not retyped. */
function serveTest(RED: NodeAPI): void {
  RED.httpAdmin.post("/fplus/broker/test", RED.auth.needsPermission("fplus-broker.write"), (request, response) => {
    const { id, username, password, ...values } = request.body as BrokerConfig & {
      id?: string;
      username?: string;
      password?: string;
    };
    const config = { ...values, url: substitute(values.url, (name) => process.env[name]) };
    const stored = id === undefined ? {} : ((RED.nodes.getCredentials(id) ?? {}) as Record<string, string>);
    tryConnection(
      addressOf.bind(undefined, config, {
        username: username ?? stored["username"],
        password: password ?? stored["password"],
      }),
    ).then(
      () => response.json({ ok: true, text: "Connected." }),
      (error: unknown) => response.json({ ok: false, text: messageOf(error) }),
    );
  });
}

async function tryConnection(address: () => BrokerAddress): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const link = openLink({
    address: address(),
    clientId: `fplus-test-${Math.random().toString(36).slice(2, 10)}`,
    onConnect: resolve,
    onError: reject,
  });
  const timer = setTimeout(
    () => reject(new FplusError("broker.unreachable", "no answer within 5 s", { field: "url" })),
    5000,
  );
  link.start();
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    await link.end();
  }
}
