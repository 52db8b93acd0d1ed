import type { NodeAPI } from "node-red";
import { messageOf } from "../../lib/errors/index.ts";
import { commandCondition, type EventField } from "../../lib/opcua/index.ts";
import type { EndpointService } from "../fplus-opcua-endpoint/service.ts";
import {
  amount,
  defineNode,
  liveStatus,
  type Message,
  type NodeBehaviour,
  type NodeContext,
  numberOf,
  onFlowsStarted,
} from "../frame/index.ts";
import { commandsOf } from "./command.ts";
import { EventWatch, type WatchListener, type WatchSettings } from "./event-watch.ts";
import { serveEventRoutes } from "./routes.ts";

interface EventsConfig {
  readonly name: string;
  readonly endpoint: string;
  readonly notifier: string;
  /** NodeId of the kind of event; blank = every kind. */
  readonly eventType: string;
  readonly severity: string | number;
  /** Names of sources, one a line or with commas. */
  readonly sources: string;
  readonly fields: readonly EventField[];
  readonly publishingMs: string | number;
  readonly queueSize: string | number;
}

/** What became of one command. */
interface CommandResult {
  readonly action: string;
  readonly conditionId: string;
  readonly ok: boolean;
  readonly status: string;
}

/** Events, alarms and conditions of an OPC UA server; acknowledges, confirms, comments and shelves. */
export default function (RED: NodeAPI): void {
  defineNode<EventsConfig>(RED, "fplus-opcua-events", events, { once: serveEventRoutes });
}

function events(node: NodeContext<EventsConfig>): NodeBehaviour {
  const { config } = node;
  const { endpoint } = node.service<EndpointService>(config.endpoint, "endpoint");
  const lease = EventWatch.lease(node.plant, node.id, endpoint, settingsOf(config));
  const { monitor } = lease.value;
  let stopListening = (): void => undefined;
  const listener: WatchListener = {
    onEvent: (event, refreshed) =>
      node.send([
        message(`${endpoint.options.name}/${event.sourceName}`, event, {
          timestamp: event.time,
          ...(refreshed ? { refreshed } : {}),
        }),
        null,
        null,
      ]),
    onConditions: (list) => node.send([null, message(endpoint.options.name, list, { count: list.length }), null]),
    onError: (error) => node.report(error),
    onNotice: (text) => node.warn(text),
  };
  const stopWaiting = onFlowsStarted(node.RED, () => (stopListening = lease.value.listen(listener)));
  const stopStatus = liveStatus(node, () => {
    const counts = `${amount(monitor.events)} events · ${amount(monitor.conditions.size)} active`;
    if (endpoint.state !== "up")
      return endpoint.state === "connecting" ? ["busy", "connecting"] : ["down", endpoint.reason || counts];
    if (!monitor.active) return ["warning", "not subscribed"];
    return monitor.lost > 0 ? ["warning", `${counts} · ${amount(monitor.lost)} lost`] : ["up", counts];
  });
  return {
    async input(msg, send) {
      if (msg["topic"] === "refresh") return monitor.refresh();
      const results: CommandResult[] = [];
      let failure: unknown;
      for (const command of commandsOf(msg, monitor.conditions)) {
        const { action, conditionId } = command;
        try {
          results.push({ action, conditionId, ok: true, status: await commandCondition(endpoint, command) });
        } catch (error) {
          failure ??= error;
          results.push({ action, conditionId, ok: false, status: messageOf(error) });
        }
      }
      send([null, null, { ...msg, payload: results }]);
      if (failure !== undefined) throw failure;
      return undefined;
    },
    async close(removed) {
      stopStatus();
      stopWaiting();
      stopListening();
      await (removed ? lease.discard() : lease.release());
    },
  };
}

function settingsOf(config: EventsConfig): WatchSettings {
  return {
    notifier: config.notifier ?? "",
    selection: {
      minSeverity: numberOf(config, "severity", { usual: 1, least: 1, most: 1000 }),
      sources: (config.sources ?? "")
        .split(/[\n,]/)
        .map((name) => name.trim())
        .filter((name) => name !== ""),
      ...(config.eventType ? { eventType: config.eventType } : {}),
    },
    fields: config.fields ?? [],
    publishingMs: numberOf(config, "publishingMs", { usual: 500, least: 10, most: 3_600_000 }),
    queueSize: numberOf(config, "queueSize", { usual: 1000, least: 1, most: 1_000_000 }),
  };
}

function message(topic: string, payload: unknown, more: Record<string, unknown>): Message {
  return { topic, payload, ...more } as unknown as Message;
}
