import type { Node, NodeAPI, NodeCredentials, NodeDef, NodeMessage } from "node-red";
import { FplusError, messageOf, toFplusError, withoutSecrets } from "../../lib/errors/index.ts";
import type { Plant } from "../../lib/plant/index.ts";
import { plantOf } from "./plant.ts";
import { QuietErrors } from "./quiet-errors.ts";
import { ErrorReporter } from "./reporter.ts";
import { type ServiceNode, serviceOf } from "./service.ts";
import { StatusLine, type StatusState } from "./status.ts";
import { substituteAll } from "./substitute.ts";

/** A message as it travels on a wire; samples sit in `payload` (see samples.ts). */
export type Message = NodeMessage & Record<string, unknown>;

/** What a node's own code is given. */
export interface NodeContext<C> {
  readonly RED: NodeAPI;
  /** The Node-RED node itself, for what this frame does not cover. */
  readonly node: Node;
  readonly id: string;
  /** The user's name for it, or its type. */
  readonly name: string;
  /** The properties of the dialog; fields that are `${NAME}` or `${NAME:-otherwise}` are already replaced. */
  readonly config: C;
  readonly credentials: Readonly<Record<string, string | undefined>>;
  readonly plant: Plant;
  /** @throws FplusError `config.missing` when the field is empty or that config node does not run */
  service<S>(id: string | undefined, field?: string): S;
  status(state: StatusState, text: string): void;
  /** Says an error once (status and log), counts its repetitions. For errors that belong to no message. */
  report(error: unknown): void;
  /** How many errors were reported. */
  readonly errors: number;
  log(text: string): void;
  warn(text: string): void;
  /** Sends from a source; one message, or one (or a list) per output. */
  send(messages: Message | (Message | Message[] | null)[]): void;
}

/** What a node does. All parts are optional. */
export interface NodeBehaviour {
  /**
   * One message at a time is not promised. What it throws goes to Catch nodes each time,
   * and where there is none to the log: once, repetitions are counted.
   */
  input?(msg: Message, send: (messages: Message | (Message | Message[] | null)[]) => void): void | Promise<void>;
  /** Node-RED waits for it (15 s at most). `removed` is false at a redeploy. */
  close?(removed: boolean): void | Promise<void>;
  /** For config nodes: what `service()` gives other nodes. */
  service?: unknown;
}

export interface DefineOptions {
  readonly credentials?: NodeCredentials<Record<string, string>>;
  /** Routes and other things made once, when the type is registered. */
  readonly once?: (RED: NodeAPI) => void;
}

/**
 * Registers a node type. Nothing thrown or rejected by the node's own code can reach the process:
 * errors of set-up and close are reported on the node, errors of input go to `done`.
 */
export function defineNode<C>(
  RED: NodeAPI,
  type: string,
  setup: (context: NodeContext<C>) => NodeBehaviour | undefined,
  options: DefineOptions = {},
): void {
  options.once?.(RED);
  function FplusNode(this: ServiceNode, definition: NodeDef): void {
    RED.nodes.createNode(this, definition);
    const line = new StatusLine(this);
    const reporter = new ErrorReporter((text) => this.error(text));
    const context = contextOf<C>(RED, this, definition, line, reporter);
    let behaviour: NodeBehaviour = {};
    try {
      behaviour = setup(context) ?? {};
    } catch (error) {
      context.report(error);
      const fault = toFplusError("config.invalid", error);
      this.fplusFault = fault;
      // A message to such a node does not vanish: Catch nodes see why.
      behaviour = { input: () => Promise.reject(fault) };
    }
    if (behaviour.service !== undefined) this.fplusService = behaviour.service;
    const input = behaviour.input?.bind(behaviour);
    if (input !== undefined) {
      const quiet = new QuietErrors(this);
      // Node-RED counts this handler's parameters: with three it waits for done().
      this.on("input", (msg, send, done) => {
        Promise.resolve()
          .then(() => input(msg as Message, send as Parameters<typeof input>[1]))
          .then(
            () => done(),
            (error: unknown) => {
              const described = describedError(error);
              if (!reporter.report(error, () => done(described))) done(quiet.add(described));
            },
          )
          // Node-RED copies the message for a Catch node, and there are messages that cannot be copied.
          .catch((error: unknown) => reporter.report(error));
      });
    }
    this.on("close", (removed: boolean, done: () => void) => {
      const finish = (error?: unknown): void => {
        if (error !== undefined) this.error(messageOf(error));
        line.close();
        reporter.close();
        done();
      };
      Promise.resolve()
        .then(() => behaviour.close?.(removed))
        .then(() => finish(), finish);
    });
  }
  RED.nodes.registerType(
    type,
    FplusNode,
    options.credentials === undefined ? {} : { credentials: options.credentials },
  );
}

/**
 * What Catch nodes and the log see: the whole sentence, and the code for flows. Of a foreign error behind it nothing goes on, for it
 * may hold the address with its password.
 */
function describedError(error: unknown): Error {
  if (!(error instanceof FplusError)) {
    const text = messageOf(error);
    return error instanceof Error && error.message === text && error.cause === undefined ? error : new Error(text);
  }
  const { code, message, field, status, hint, offset, retryAfterMs } = error;
  const details = Object.entries({ field, status, hint, offset, retryAfterMs }).filter(
    ([, value]) => value !== undefined,
  );
  const cause = new FplusError(code, message, Object.fromEntries(details));
  return Object.assign(new Error(error.describe(), { cause }), { code, field, status });
}

function contextOf<C>(
  RED: NodeAPI,
  node: ServiceNode,
  definition: NodeDef,
  line: StatusLine,
  reporter: ErrorReporter,
): NodeContext<C> {
  return {
    RED,
    node,
    id: node.id,
    name: definition.name || definition.type,
    config: substituteAll(definition, (variable) => settingOf(RED, node, variable)) as unknown as C,
    credentials: (node as Node<Record<string, string | undefined>>).credentials ?? {},
    get plant() {
      return plantOf(RED);
    },
    service<S>(id: string | undefined, field = "configuration"): S {
      return serviceOf<S>(RED, id, field);
    },
    status: (state, text) => line.set(state, text),
    report: (error) => {
      reporter.report(error);
      line.set("down", shortText(error));
    },
    get errors() {
      return reporter.total;
    },
    log: (text) => node.log(withoutSecrets(text)),
    warn: (text) => node.warn(withoutSecrets(text)),
    send: (messages) => node.send(messages as NodeMessage),
  };
}

/** A variable as the node's group, flow and process have it; Node-RED's declarations lack the function. */
function settingOf(RED: NodeAPI, node: Node, variable: string): unknown {
  return (RED.util as unknown as { getSetting(node: Node, name: string): unknown }).getSetting(node, variable);
}

function shortText(error: unknown): string {
  const typed = toFplusError("config.invalid", error);
  return typed.field === undefined ? typed.message : `${typed.field}: ${typed.message}`;
}
