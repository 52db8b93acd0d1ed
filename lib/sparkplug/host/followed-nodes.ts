import { FplusError } from "../../errors/index.ts";
import type { MessageOrder } from "./message-order.ts";
import type { BornMetric, NodeView } from "./node-view.ts";
import type { NodeRow, WriteTarget } from "./types.ts";

/** A node with its messages in order. */
export interface FollowedNode<M> {
  readonly view: NodeView;
  readonly order: MessageOrder<M>;
}

/** The edge nodes that a host application follows, and what their births told of them. `M` is a message that waits its turn. */
export class FollowedNodes<M> {
  readonly #nodes = new Map<string, FollowedNode<M>>();

  /** By `group/edge node`. */
  get(source: string): FollowedNode<M> | undefined {
    return this.#nodes.get(source);
  }

  all(): Iterable<FollowedNode<M>> {
    return this.#nodes.values();
  }

  add(node: FollowedNode<M>): FollowedNode<M> {
    this.#nodes.set(node.view.source, node);
    return node;
  }

  /** Edge nodes known, with their devices and states. */
  rows(): NodeRow[] {
    return [...this.#nodes.values()].map(({ view, order }) => ({
      node: view.source,
      state: view.node.state,
      since: view.node.since,
      metrics: view.node.metrics.size,
      gaps: order.gaps,
      duplicates: order.duplicates,
      devices: [...view.devices]
        .filter(([id]) => id !== "")
        .map(([device, { state, since, metrics }]) => ({ device, state, since, metrics: metrics.size })),
    }));
  }

  /** Paths of metrics that hold the text, whatever its case; at most so many, for a user to choose from. */
  metricPaths(text: string, limit: number): string[] {
    const wanted = text.toLowerCase();
    const found: string[] = [];
    for (const { view } of this.#nodes.values()) {
      for (const { metrics } of view.devices.values()) {
        for (const { signal } of metrics.values()) {
          if (found.length >= limit) return found;
          if (signal.path.toLowerCase().includes(wanted)) found.push(signal.path);
        }
      }
    }
    return found;
  }

  /** What a path `group/edge node[/device]/metric` names; metrics may have slashes in their names, so births decide. */
  targetOf(path: string): WriteTarget {
    const [group = "", edgeNode = "", device = "", ...rest] = path.split("/");
    const isDevice = rest.length > 0 && this.get(`${group}/${edgeNode}`)?.view.devices.has(device) === true;
    return isDevice
      ? { group, edgeNode, device, metric: rest.join("/") }
      : { group, edgeNode, device: "", metric: [device, ...rest].join("/") };
  }

  /**
   * The metric of a target, from its birth.
   * @throws FplusError `sparkplug.command` naming the path: unknown, or offline
   */
  born({ group, edgeNode, device, metric }: WriteTarget, path: string): BornMetric {
    const view = this.get(`${group}/${edgeNode}`)?.view;
    const fault = (message: string, hint: string): FplusError =>
      new FplusError("sparkplug.command", message, { field: path, hint });
    if (view === undefined)
      throw fault("the edge node is not known here", "Check group and edge node, or wait for its birth.");
    const known = view.devices.get(device);
    const born = known?.metrics.get(metric);
    if (born === undefined) throw fault("no birth told of such a metric", "Check device and metric.");
    if (known?.state === "offline") throw fault("the device is offline", "Write again when it is back.");
    return born;
  }

  /** Counters and gauges of all nodes together. */
  figures(): { counters: Record<string, number>; gauges: Record<string, number> } {
    const nodes = [...this.#nodes.values()];
    const devices = nodes.flatMap(({ view }) => [...view.devices].filter(([id]) => id !== ""));
    return {
      counters: {
        gaps: nodes.reduce((sum, { order }) => sum + order.gaps, 0),
        duplicates: nodes.reduce((sum, { order }) => sum + order.duplicates, 0),
      },
      gauges: {
        nodes: nodes.length,
        nodesOnline: nodes.filter(({ view }) => view.node.state === "online").length,
        devices: devices.length,
        devicesOnline: devices.filter(([, device]) => device.state === "online").length,
        held: nodes.reduce((sum, { order }) => sum + order.waiting, 0),
      },
    };
  }
}
