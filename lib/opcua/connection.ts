import type { ClientSession, OPCUAClient } from "node-opcua";
import { type Attempt, connectInTime, dispose, newAttempt } from "./client.ts";
import type { EndpointOptions } from "./endpoint-options.ts";
import { identityOf } from "./identity.ts";
import { readLimits, type ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import type { ParkedSession } from "./parked-session.ts";
import { keepDataChangesRaw } from "./publish-response.ts";

/** A session over an open connection. */
export interface Connection extends Attempt {
  readonly session: ClientSession;
  /** Limits of the server; undefined where the session was taken up again, because they are known. */
  readonly limits: ServerLimits | undefined;
}

/**
 * Connects to an address, and takes the parked session up there, or makes a new one.
 * @throws FplusError saying why the server's certificate or our own will not do; errors of node-opcua otherwise
 */
export async function openConnection(
  opcua: Opcua,
  options: EndpointOptions,
  url: string,
  parked: ParkedSession,
): Promise<Connection> {
  const attempt = await newAttempt(opcua, options, url);
  const { client, server } = attempt;
  let session: ClientSession | undefined;
  try {
    await connectInTime(client, url, options);
    keepDataChangesRaw(opcua, client);
    session = await parked.takeUp(client, url);
    if (session !== undefined) return { ...attempt, session, limits: undefined };
    session = await client.createSession(await identityOf(opcua, options.user));
    return { ...attempt, session, limits: await readLimits(session) };
  } catch (error) {
    await dispose(client, session);
    throw server.refusal ?? error;
  }
}

/** Tells when a connection breaks; once or more. */
export function onBroken(client: OPCUAClient, broken: (reason: string) => void): void {
  client.on("connection_lost", () => broken("connection lost"));
  client.on("close", () => broken("connection closed"));
}
