import { existsSync } from "node:fs";
import path from "node:path";
import { asyncuaPython, startAsyncua } from "../../support/asyncua.ts";
import { findProgram, type ServiceProcess, startPrinting } from "../../support/services.ts";
import type { Feature } from "./features.ts";

/** A server of another maker with one boiler, the same everywhere: see test/support. */
export interface ForeignServer {
  /** Heading of its column. */
  readonly name: string;
  /** What must be there to run it; undefined where it is not. */
  readonly found: string | undefined;
  /** A fresh folder is given for what it writes. */
  start(port: number, folder: string): Promise<ServiceProcess & { readonly url: string }>;
  /** What the server, or its library, does not have, and why a test cannot show it. */
  readonly lacks: Partial<Record<Feature, string>>;
  /** Its name for a structure to write, and the value. */
  readonly structure: { readonly metric: string; readonly value: object };
}

const support = path.resolve(import.meta.dirname, "../../support");
const milo = process.env["FPLUS_TEST_MILO"] ?? path.resolve(import.meta.dirname, "../../../.tmp/milo");
const java = findProgram("FPLUS_TEST_JAVA", "/usr/bin/java");
const o6 = asyncuaPython === undefined ? undefined : packageOf(asyncuaPython, "o6");

const limits = { metric: "Limits", value: { Low: 2, High: 8 } };

/** All servers, in the order of the table's columns. */
export const SERVERS: readonly ForeignServer[] = [
  {
    name: "asyncua",
    found: asyncuaPython,
    start: (port) => startAsyncua(port),
    structure: {
      metric: "Recipe",
      value: {
        Title: "Hot",
        Temperatures: [90],
        Steps: [{ Mode: "Hold", Count: "9223372036854775815", Key: "key", Since: "2026-01-02T03:04:05Z" }],
      },
    },
    lacks: {
      deadband: "it compares with the value before, not with the one sent",
      "a filter it refuses is left out": "it refuses none",
      "write a part of an array": "it writes the part over the whole",
      aggregates: "the library has none",
      alarms: "the library has none",
    },
  },
  {
    name: "Eclipse Milo",
    found: java !== undefined && existsSync(path.join(milo, "classes/MiloServer.class")) ? milo : undefined,
    async start(port) {
      const classes = `${path.join(milo, "classes")}:${path.join(milo, "lib/*")}`;
      const server = await startPrinting(java ?? "java", ["-cp", classes, "MiloServer", String(port)]);
      return { ...server, url: `opc.tcp://127.0.0.1:${port}/milo` };
    },
    structure: limits,
    lacks: { aggregates: "the library has none", alarms: "the library has none" },
  },
  {
    name: "open62541",
    found: o6,
    async start(port) {
      const program = path.join(support, "open62541_server.py");
      const server = await startPrinting(asyncuaPython ?? "python3", [program, String(port)]);
      return { ...server, url: `opc.tcp://127.0.0.1:${port}` };
    },
    structure: limits,
    lacks: {
      enumerations: "this server has none",
      aggregates: "the library has none",
      alarms: "not built in",
    },
  },
  {
    name: "node-opcua",
    found: process.execPath,
    async start(port, folder) {
      const program = path.join(support, "boiler-server.ts");
      const server = await startPrinting(process.execPath, [program, String(port), folder]);
      return { ...server, url: `opc.tcp://127.0.0.1:${port}/node-opcua` };
    },
    structure: limits,
    lacks: {},
  },
];

/** The folder of a Python package beside its interpreter. */
function packageOf(python: string, name: string): string | undefined {
  const home = path.resolve(path.dirname(python), "..");
  for (const version of ["3.11", "3.12", "3.13", "3.14"]) {
    const folder = path.join(home, `lib/python${version}/site-packages`, name);
    if (existsSync(folder)) return folder;
  }
  return undefined;
}
