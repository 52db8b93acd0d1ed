import type { Node, NodeAPI } from "node-red";
import path from "node:path";
import { FplusError } from "../../lib/errors/index.ts";
import { type DeviceCondition, deviceStatusOf } from "../../lib/gateway/index.ts";
import { ASK_EVENT, deviceKey, LiveFeed, tellEvent } from "../../lib/live/index.ts";
import type { LifecycleEvent } from "../../lib/sparkplug/index.ts";
import { defineNode, type Message, type NodeBehaviour, type NodeContext } from "./define.ts";
import { amount, liveStatus } from "./live-status.ts";
import { batchOf } from "./samples.ts";

/** What every widget node's configuration has. */
export interface WidgetConfig {
  readonly name: string;
  readonly group: string;
}

/** The part of a Dashboard 2.0 group node that a widget needs. */
interface DashboardGroup extends Node {
  register(
    node: Node,
    config: object,
    events: { onSocket: Record<string, (connection: Connection, ...args: unknown[]) => void> },
  ): void;
  getBase(): { uiShared: { contribs: Record<string, object> } };
}

/** A socket.io connection, as far as it is used here. */
interface Connection {
  readonly id: string;
  readonly conn?: { readonly writeBuffer?: readonly unknown[] };
  emit(event: string, answer: unknown): void;
}

const PACKAGE = "@fplus/node-red-suite";
const CONGESTED = 20;
const STATES: Partial<Record<LifecycleEvent["kind"], DeviceCondition>> = {
  "device-online": "online",
  "device-offline": "offline",
  "device-stale": "stale",
};

/** Registers a dashboard widget: `bundle` is its file in `resources/`, `component` its name there; `check` throws where a field of its own is wrong. */
export function defineWidget<C extends WidgetConfig>(
  RED: NodeAPI,
  type: string,
  bundle: string,
  component: string,
  check: (config: C) => void = () => undefined,
): void {
  defineNode<C>(RED, type, (node) => {
    check(node.config);
    return widget(node, type, bundle, component);
  });
}

function widget(node: NodeContext<WidgetConfig>, type: string, bundle: string, component: string): NodeBehaviour {
  const group = node.RED.nodes.getNode(node.config.group) as DashboardGroup | null;
  if (typeof group?.register !== "function") {
    throw new FplusError("config.missing", "no dashboard group", {
      field: "group",
      hint: "Choose a group; the palette needs @flowfuse/node-red-dashboard.",
    });
  }
  const store = node.plant.historian();
  const opened = store.ready.then(() => store.value.open());
  opened.catch((error: unknown) => node.report(error));
  const feed = new LiveFeed({
    health: () => node.plant.health.snapshot(),
    historian: async () => {
      await opened;
      return store.value;
    },
  });
  // The dashboard looks for widgets in packages of certain names; this one introduces itself.
  group.getBase().uiShared.contribs[type] ??= {
    package: PACKAGE,
    name: type,
    src: bundle,
    path: path.resolve(import.meta.dirname, "../../.."),
    component,
  };
  group.register(node.node, node.config, { onSocket: socketEvents(node, feed) });
  // The dashboard's own handler would send whole messages to every browser.
  node.node.removeAllListeners("input");
  const stopStatus = liveStatus(node, () => ["up", `${amount(feed.signals)} signals · ${feed.clients} screens`]);
  return {
    input: (msg) => take(feed, msg),
    async close() {
      stopStatus();
      feed.close();
      await store.release();
    },
  };
}

function socketEvents(
  node: NodeContext<WidgetConfig>,
  feed: LiveFeed,
): Record<string, (connection: Connection, ...args: unknown[]) => void> {
  const event = tellEvent(node.id);
  return {
    [ASK_EVENT]: (connection, widgetId, question) => {
      if (widgetId !== node.id) return;
      const client = {
        send: (answer: unknown) => connection.emit(event, answer),
        ready: () => (connection.conn?.writeBuffer?.length ?? 0) < CONGESTED,
      };
      feed.ask(connection.id, client, question).catch((error: unknown) => node.report(error));
    },
    disconnect: (connection) => feed.leave(connection.id),
  };
}

function take(feed: LiveFeed, msg: Message): void {
  const status = deviceStatusOf(msg.payload);
  if (status !== undefined) {
    feed.deviceStatus(status);
    return;
  }
  const event = msg.payload as Partial<LifecycleEvent> | null;
  if (typeof event?.kind === "string" && typeof event.node === "string") {
    const state = STATES[event.kind];
    if (state !== undefined && event.device !== undefined)
      feed.device(deviceKey(event.node, event.device), state, state === "online" ? "" : (event.reason ?? ""));
  } else feed.samples(batchOf(msg));
}
