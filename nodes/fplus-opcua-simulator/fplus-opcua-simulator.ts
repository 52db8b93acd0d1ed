import type { NodeAPI } from "node-red";
import path from "node:path";
import { FplusError } from "../../lib/errors/index.ts";
import { Simulator, type SimulatorOptions } from "../../lib/opcua/index.ts";
import {
  amount,
  defineNode,
  liveStatus,
  type NodeBehaviour,
  type NodeContext,
  numberOf,
  switchOf,
} from "../frame/index.ts";

interface SimulatorConfig {
  readonly name: string;
  readonly enabled: "on" | "off";
  readonly port: string | number;
  readonly tags: string | number;
  readonly rateMs: string | number;
  readonly seed: string | number;
}

/** An OPC UA server with a simulated plant behind it. */
export default function (RED: NodeAPI): void {
  defineNode<SimulatorConfig>(RED, "fplus-opcua-simulator", (node) => {
    if (switchOf(node.config, "enabled")) return run(node);
    node.status("idle", "off");
    return {};
  });
}

function run(node: NodeContext<SimulatorConfig>): NodeBehaviour {
  const { plant } = node;
  const settings = readSettings(node.config, path.join(plant.stateDir, "pki", "simulator"));
  const lease = plant.leases.acquire(
    `opcua-simulator ${settings.port}`,
    () => new Simulator(settings),
    JSON.stringify(settings),
  );
  const simulator = lease.value;
  const stopListening = simulator.listen({ onError: (error) => node.report(error) });
  let failure = "";
  let opening: Promise<void> = Promise.resolve();
  if (!simulator.running) {
    opening = lease.ready.then(() => simulator.open());
    opening.catch((error: unknown) => {
      failure = error instanceof Error ? error.message : String(error);
      node.report(error);
    });
  }
  const stopStatus = liveStatus(node, () => {
    if (simulator.running) return ["up", `${amount(simulator.tagCount)} tags · :${settings.port}`];
    return failure === "" ? ["busy", "starting"] : ["down", failure];
  });
  const off = plant.health.add(() => ({
    kind: "opcua-simulator",
    name: node.name,
    status: simulator.running ? "up" : "down",
    mode: "embedded",
    detail: simulator.running ? simulator.endpointUrl : failure || "starting",
    counters: { changes: simulator.updates },
    gauges: { tags: simulator.tagCount, sessions: simulator.sessions },
  }));
  return {
    input: (msg) => command(simulator, msg.topic, msg.payload),
    async close() {
      stopStatus();
      off();
      stopListening();
      await opening.catch(() => undefined);
      await lease.release();
    },
  };
}

function readSettings(config: SimulatorConfig, pkiFolder: string): SimulatorOptions {
  return {
    host: "127.0.0.1",
    port: numberOf(config, "port", { usual: 4840, least: 1, most: 65_535 }),
    tags: numberOf(config, "tags", { usual: 169, least: 6, most: 10_000 }),
    rateMs: numberOf(config, "rateMs", { usual: 1000, least: 20, most: 3_600_000 }),
    seed: numberOf(config, "seed", { usual: 1, least: 0, most: 4_294_967_295 }),
    pkiFolder,
  };
}

const LINKS = { freeze: "frozen", break: "broken", mend: "good" } as const;

/** `topic` is `fault`, `reset`, `freeze`, `break` or `mend`; `payload` names the machine, or is `{ machine, code }`. */
function command(simulator: Simulator, topic: unknown, payload: unknown): void {
  const { machine: name, code = 1 } = (
    typeof payload === "object" && payload !== null ? payload : { machine: payload }
  ) as {
    machine?: unknown;
    code?: unknown;
  };
  const machine = simulator.model.machine(String(name));
  if (machine === undefined)
    throw new FplusError("config.invalid", `the plant has no machine ${String(name)}`, { field: "payload.machine" });
  if (topic === "fault") machine.triggerFault(Number(code));
  else if (topic === "reset") machine.resetFault();
  else if (typeof topic === "string" && Object.hasOwn(LINKS, topic)) machine.link = LINKS[topic as keyof typeof LINKS];
  else {
    throw new FplusError("config.invalid", `no command ${String(topic)}`, {
      field: "topic",
      hint: "Use fault, reset, freeze, break or mend.",
    });
  }
}
