import { computed, getCurrentInstance, h, reactive, type VNode, watch } from "vue";
import { ageText, unitSign, valueText } from "../shared/format.ts";
import type { LiveClient } from "../shared/live-client.ts";
import { type MachineView, machinesOf, moodOf, placeOf } from "../shared/machine-state.ts";
import { select } from "../shared/selection.ts";
import { sparkline } from "../shared/sparkline.ts";
import { defineWidget, publishWidget } from "../shared/widget.ts";

const SPARK_POINTS = 60;
const SPARK_MS = 10 * 60_000;

/** Every machine at a glance: state, key values with their last minutes, age of the last value. */
publishWidget(
  "fplus-ui-machines",
  "UIFplusMachines",
  defineWidget("UIFplusMachines", (client, { props }, now) => {
    const machines = computed(() => machinesOf(client.devices.value, client.signals.value));
    const sparks = reactive(new Map<number, number[]>());
    const instance = getCurrentInstance();
    watch(machines, (list) => follow(client, list, sparks));
    client.onValues((ids) => {
      for (const id of ids) {
        const spark = sparks.get(id);
        const value = client.values.get(id)?.value;
        if (spark === undefined || typeof value !== "number") continue;
        spark.push(value);
        if (spark.length > SPARK_POINTS) spark.shift();
      }
    });
    const open = (machine: MachineView): void => {
      select({ machine: machine.device.key, signals: machine.key.map((signal) => signal.path) });
      const router = instance?.appContext.config.globalProperties["$router"] as
        | { push(path: string): Promise<unknown> }
        | undefined;
      router?.push(String(props["detail"] || "/dashboard/machine")).catch(() => undefined);
    };
    return () => {
      if (machines.value.length === 0) return empty(client);
      const places = Map.groupBy(machines.value, placeOf);
      return h("div", { class: "fplus" }, [
        summary(machines.value, client),
        ...[...places].map(([place, list]) =>
          h("section", { key: place }, [
            h("h3", place),
            h(
              "div",
              { class: "fplus-cards" },
              list.map((machine) => card(machine, client, sparks, now.value, () => open(machine))),
            ),
          ]),
        ),
      ]);
    };
  }),
);

/** Watches what the cards show, and fetches the last minutes of the key values. */
function follow(client: LiveClient, machines: readonly MachineView[], sparks: Map<number, number[]>): void {
  const keys = machines.flatMap((machine) => machine.key.map(({ id }) => id));
  client.watch([...keys, ...machines.flatMap(({ state }) => (state === undefined ? [] : [state.id]))]);
  const fresh = keys.filter((id) => !sparks.has(id));
  for (const id of fresh) sparks.set(id, []);
  const to = Date.now();
  for (let at = 0; at < fresh.length; at += 100) {
    client.history(fresh.slice(at, at + 100), to - SPARK_MS, to, SPARK_POINTS).then(
      ({ lines }) => {
        for (const [id, { value }] of lines)
          sparks.set(id, [...value.slice(-SPARK_POINTS), ...(sparks.get(id) ?? [])].slice(-SPARK_POINTS));
      },
      () => undefined,
    );
  }
}

function summary(machines: readonly MachineView[], client: LiveClient): VNode {
  const moods = machines.map((machine) => moodOf(machine, client).mood);
  const count = (...wanted: string[]): number => moods.filter((mood) => wanted.includes(mood)).length;
  const part = (number: number, text: string, mood: string): VNode =>
    h("div", { class: `fplus-mood-${mood}` }, [
      h("strong", { style: number > 0 ? "color: var(--mood)" : "" }, String(number)),
      h("span", text),
    ]);
  return h("div", { class: "fplus-summary" }, [
    part(count("running"), "running", "running"),
    part(count("busy"), "preparing", "busy"),
    part(count("idle"), "idle", "idle"),
    part(count("fault"), "in fault", "fault"),
    part(count("stale", "offline", "unknown"), "not reached", "offline"),
  ]);
}

function card(
  machine: MachineView,
  client: LiveClient,
  sparks: ReadonlyMap<number, number[]>,
  now: number,
  open: () => void,
): VNode {
  const { mood, text, reason } = moodOf(machine, client);
  const newest = Math.max(0, ...machine.key.map(({ id }) => client.values.get(id)?.time ?? 0));
  return h(
    "button",
    {
      key: machine.device.key,
      class: `fplus-card fplus-mood-${mood}`,
      type: "button",
      onClick: open,
      "data-machine": machine.device.name,
    },
    [
      h("div", { class: "fplus-card-head" }, [
        h("span", { class: "fplus-card-name" }, machine.device.name),
        h("span", { class: "fplus-badge" }, text),
      ]),
      h(
        "dl",
        machine.key.flatMap((signal) => [
          h("dt", { title: signal.metric }, signal.metric.split("/").at(-1)),
          sparkline(sparks.get(signal.id) ?? []),
          h("dd", [
            valueText(client.values.get(signal.id)?.value),
            " ",
            h("span", { class: "fplus-soft" }, unitSign(signal.unit)),
          ]),
        ]),
      ),
      h(
        "div",
        { class: "fplus-card-foot", title: reason },
        reason !== undefined
          ? h("span", { class: "fplus-card-reason" }, reason)
          : newest === 0
            ? "no value yet"
            : `${machine.signals.length} tags · ${ageText(now - newest)} ago`,
      ),
    ],
  );
}

function empty(client: LiveClient): VNode {
  const text = client.loaded.value
    ? "No machine has been born yet. As soon as the gateway publishes, its machines appear here."
    : "Connecting …";
  return h("div", { class: "fplus" }, h("div", { class: "fplus-empty" }, text));
}
