import { FplusError } from "../errors/index.ts";
import type { BrokerAddress, LinkFactory } from "../broker/index.ts";

/** A topic that was heard, with its newest payload. */
export interface TopicSeen {
  readonly topic: string;
  /** The beginning of the payload as text; how many bytes it has where it is none. */
  readonly payload: string;
  readonly messages: number;
  readonly retained: boolean;
}

/** Where to listen, and for how long. */
export interface SurveyOptions {
  readonly address: BrokerAddress;
  readonly openLink: LinkFactory;
  readonly clientId: string;
  readonly forMs: number;
  /** Topics to list at most. */
  readonly most: number;
}

const CONNECT_MS = 8000;
const LONGEST_TEXT = 120;
/** What is no sensor's: Sparkplug, our own tree. */
const OTHERS = /^(spBv1\.0|spAv1\.0|factory-plus)\//;

/**
 * Listens on a broker for a while, to offer the topics that are there; in the order of their names.
 * @throws FplusError `broker.unreachable` or `broker.refused`
 */
export async function surveyTopics({ address, openLink, clientId, forMs, most }: SurveyOptions): Promise<TopicSeen[]> {
  const seen = new Map<string, TopicSeen>();
  const failure: { error?: Error } = {};
  const link = openLink({ address, clientId, onError: (error) => (failure.error ??= error) });
  link.subscribe("#", 0, (topic, payload, retained) => {
    if (OTHERS.test(topic)) return;
    const before = seen.get(topic);
    if (before === undefined && seen.size >= most) return;
    seen.set(topic, { topic, payload: shown(payload), messages: (before?.messages ?? 0) + 1, retained });
  });
  link.start();
  try {
    const deadline = Date.now() + CONNECT_MS;
    while (!link.connected) {
      if (failure.error !== undefined) throw failure.error;
      if (Date.now() > deadline)
        throw new FplusError("broker.unreachable", "the broker did not answer", { field: "broker" });
      await pause(50);
    }
    await pause(forMs);
  } finally {
    await link.end();
  }
  return [...seen.values()].sort((a, b) => (a.topic < b.topic ? -1 : 1));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function shown(payload: Uint8Array): string {
  try {
    // As a stream, for the cut may go through a character.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(payload.subarray(0, 4 * LONGEST_TEXT), {
      stream: true,
    });
    if (!/\p{Cc}/u.test(text.replaceAll(/\s/g, ""))) return text.slice(0, LONGEST_TEXT);
  } catch {
    // Bytes, then.
  }
  return `${payload.length} bytes`;
}
