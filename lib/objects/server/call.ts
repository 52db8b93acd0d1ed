import type { IncomingMessage, ServerResponse } from "node:http";
import type { EmbeddedEngine } from "../embedded/engine.ts";
import type { ObjectName } from "../types.ts";
import type { Holder } from "./access.ts";
import type { Body } from "./body.ts";
import { s3Fault } from "./faults.ts";
import type { Target } from "./target.ts";
import type { XmlReader } from "./xml.ts";

/** One request whose sender is known, and what answering it needs. */
export interface Call extends Target {
  readonly engine: EmbeddedEngine;
  readonly holder: Holder;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly xml: XmlReader;
  /**
   * The request's body, which is not read before.
   * @throws FplusError where it cannot be taken
   */
  body(): Body;
}

/** Does what a request asks for, and answers it. */
export type Operation = (call: Call) => Promise<void>;

/** The object that a request names, in the version that it names. */
export function nameOf({ bucket, key, query }: Call): ObjectName {
  const versionId = query.get("versionId");
  return versionId === undefined || versionId === "" ? { bucket, key } : { bucket, key, versionId };
}

/** A header of the request as text; empty where it is not given. */
export function headerOf({ request }: Pick<Call, "request">, name: string): string {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : (value ?? "");
}

/**
 * A whole number of the query.
 * @throws FplusError with the status InvalidArgument
 */
export function numberOf({ query }: Call, name: string, usual: number, most: number): number {
  const text = query.get(name) ?? "";
  if (text === "") return usual;
  const number = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  if (number < 0 || number > 2 ** 31 - 1) throw s3Fault("InvalidArgument", `${name} is not a whole number from 0.`);
  return Math.min(number, most);
}

/** Answers with a document, or with nothing. */
export function reply({ response }: Pick<Call, "response">, status: number, document = ""): void {
  if (document !== "") response.setHeader("content-type", "application/xml");
  if (status !== 204 && status !== 304) response.setHeader("content-length", Buffer.byteLength(document));
  response.writeHead(status).end(document);
}

/** A time as S3's documents write it. */
export function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
