import type { Socket } from "node:net";
import type { ClientSession, OPCUAClient, StatusCode } from "node-opcua";

/** A request or response of node-opcua, as far as the services here look at it. */
interface Message {
  readonly responseHeader?: { readonly serviceResult: StatusCode };
}

/** The parts of node-opcua's session that it has and does not declare. */
interface SessionInternals {
  performMessageTransaction(request: object, callback: (error: Error | null, response?: Message) => void): void;
  getPublishEngine(): PublishEngine;
  stopKeepAliveManager(): void;
}

/** node-opcua's own publish loop, which serves subscriptions made by `createSubscription2`. */
export interface PublishEngine {
  readonly subscriptionMap: Readonly<Record<number, { onNotificationMessage(message: object): void }>>;
  readonly subscriptionCount: number;
  lastRequestSentTime: Date;
  send_publish_request(): void;
}

/** Names of private parts of node-opcua's client. */
const CHANNEL = "_secureChannel";
const BUILDER = "_getMessageBuilder";
const CLIENT = "_client";
const SOCKET = "_socket";
const REMOVE_SESSION = "_removeSession";
/** The method of a message builder that decodes a whole message. */
export const DECODE_BODY = "_decodeMessageBody";

interface Transport {
  readonly parameters?: { sendBufferSize: number };
  readonly [SOCKET]?: Socket | null;
}

/** The parts of node-opcua's client that it has and does not declare. */
interface ClientInternals {
  readonly [CHANNEL]: {
    readonly [BUILDER]?: () => MessageBuilder | undefined;
    getTransport?(): Transport | undefined;
  } | null;
  [REMOVE_SESSION](session: ClientSession): void;
}

/** What puts the chunks of a message together and decodes it. */
export interface MessageBuilder {
  /** Of the chunk that came last. */
  readonly messageHeader?: { readonly msgType: string; readonly length: number };
  readonly sequenceHeader?: { readonly requestId: number } | null;
  readonly securityHeader?: object;
  readonly channelId: number;
  [DECODE_BODY](body: Buffer): boolean;
  emit(event: "message", ...message: readonly unknown[]): boolean;
}

/** A session with what node-opcua does not declare of it. */
export function internalsOf(session: ClientSession): SessionInternals {
  return session as unknown as SessionInternals;
}

/** What decodes the messages of a connected client; undefined where node-opcua is built otherwise. */
export function messageBuilderOf(client: OPCUAClient): MessageBuilder | undefined {
  return (client as unknown as ClientInternals)[CHANNEL]?.[BUILDER]?.();
}

/** Takes a session off its connection, without a word to the server: it can be activated on another. */
export function detachSession(client: OPCUAClient, session: ClientSession): void {
  internalsOf(session).stopKeepAliveManager();
  (client as unknown as ClientInternals)[REMOVE_SESSION](session);
}

/**
 * Sends one request of any service and gives its response.
 * @throws Error of node-opcua, whose `response` is there when the server answered with a fault
 */
export function perform<R>(session: ClientSession, request: object): Promise<R> {
  return new Promise((resolve, reject) => {
    internalsOf(session).performMessageTransaction(request, (error, response) => {
      if (error === null) resolve(response as R);
      else reject(error);
    });
  });
}

/** Room for a request of some hundred bytes; a longer one goes out in more chunks. */
const SHORT_CHUNK_BYTES = 1_024;

/**
 * As `perform`, for a short request that is sent often: node-opcua allocates a whole send buffer for each, here only what
 * such a request needs.
 */
export function performShort<R>(session: ClientSession, request: object): Promise<R> {
  const { [CLIENT]: client } = session as unknown as { readonly [CLIENT]: ClientInternals | null };
  const { parameters, [SOCKET]: socket } = client?.[CHANNEL]?.getTransport?.() ?? {};
  if (parameters === undefined) return perform(session, request);
  if (socket) together(socket);
  const { sendBufferSize } = parameters;
  parameters.sendBufferSize = Math.min(SHORT_CHUNK_BYTES, sendBufferSize);
  try {
    return perform(session, request);
  } finally {
    parameters.sendBufferSize = sendBufferSize;
  }
}

/** What is written from now until the present callback ends goes out in one write. */
function together(socket: Socket): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  process.nextTick(() => socket.uncork());
}

/** The name of the StatusCode with which a server refused a request; undefined where it never answered. */
export function faultOf(error: unknown): string | undefined {
  const { response } = (error ?? {}) as { response?: Message };
  return response?.responseHeader?.serviceResult.name;
}
