import { h, onMounted, reactive, type VNode, watch } from "vue";
import type { PartHealth, PartMember } from "../../../lib/health/index.ts";
import { ageText, amountText } from "../shared/format.ts";
import { sparkline } from "../shared/sparkline.ts";
import { defineWidget, publishWidget } from "../shared/widget.ts";

interface Track {
  counters: Readonly<Record<string, number>>;
  at: number;
  rates: Record<string, number>;
  history: number[];
}

const HISTORY = 60;
/** The counter that says how busy a kind of part is. */
const MAIN_COUNTER: Readonly<Record<string, string>> = {
  "opcua-simulator": "changes",
  "opcua-endpoint": "changes",
  "sparkplug-edge": "published",
  "sparkplug-host": "samples",
  "mqtt-device": "samples",
  map: "samples",
  broker: "messages",
  historian: "written",
  database: "queries",
  objects: "read",
  search: "searches",
  cache: "hits",
};
const KIND_NAMES: Readonly<Record<string, string>> = {
  "opcua-simulator": "OPC UA simulator",
  "opcua-endpoint": "OPC UA endpoint",
  "sparkplug-edge": "Sparkplug edge node",
  "sparkplug-host": "Sparkplug host",
  "mqtt-device": "MQTT sensors",
  map: "Map",
  broker: "MQTT broker",
  historian: "Historian",
  database: "Database",
  objects: "Object store",
  search: "Search engine",
  cache: "Cache",
};
/** What is worth a look all day; the rest is for `/fplus/health`. */
const SHOWN_GAUGES: Readonly<Record<string, readonly string[]>> = {
  "opcua-endpoint": ["items"],
  "sparkplug-edge": ["devices", "waiting"],
  "sparkplug-host": ["nodesOnline", "devicesOnline"],
  map: ["rules", "tags"],
  historian: ["series", "queued", "spooled"],
  database: ["connections", "waiting"],
  objects: ["running"],
  search: ["p95Ms"],
  cache: ["hitRatio", "entries"],
};
/** What only counts up when something went wrong. */
const TROUBLE =
  /^bad$|conflicts|dropped|unknown|unmapped|unkept|refused|rejected|corrupt|malformed|errors|gaps|retries/;

const MOODS = { online: "running", stale: "stale", offline: "fault" } as const;

/** How every part of the plant is: state, rates, queues, and what went wrong. */
publishWidget(
  "fplus-ui-gateway",
  "UIFplusGateway",
  defineWidget("UIFplusGateway", (client) => {
    const tracks = reactive(new Map<string, Track>());
    onMounted(() => client.watchHealth());
    watch(client.health, ({ at, parts }) => {
      for (const part of parts) follow(tracks, part, at);
    });
    return () => {
      const { parts } = client.health.value;
      if (parts.length === 0) return h("div", { class: "fplus" }, h("div", { class: "fplus-empty" }, "Connecting …"));
      return h("div", { class: "fplus" }, [
        summary(parts),
        h("div", { class: "fplus-scroll", style: "max-height: none" }, [
          h("table", { class: "fplus-stack" }, [
            h(
              "thead",
              h(
                "tr",
                ["Part", "State", "Rate", "", "Now", "Trouble", "Where"].map((text, i) =>
                  h("th", { class: i === 2 ? "fplus-number" : i === 6 || i === 3 ? "fplus-hide-small" : "" }, text),
                ),
              ),
            ),
            h(
              "tbody",
              parts.map((part) => row(part, tracks.get(keyOf(part)))),
            ),
          ]),
        ]),
        ...parts.flatMap((part) =>
          part.members === undefined ? [] : members(part, part.members, client.health.value.at),
        ),
      ]);
    };
  }),
);

function keyOf(part: PartHealth): string {
  return `${part.kind} ${part.name}`;
}

function follow(tracks: Map<string, Track>, part: PartHealth, at: number): void {
  const before = tracks.get(keyOf(part));
  const seconds = before === undefined ? 0 : (at - before.at) / 1000;
  const rates: Record<string, number> = {};
  if (before !== undefined && seconds > 0) {
    // A counter that fell belongs to a part that was made anew.
    for (const [name, total] of Object.entries(part.counters))
      rates[name] = Math.max(0, total - (before.counters[name] ?? 0)) / seconds;
  }
  const main = rates[MAIN_COUNTER[part.kind] ?? ""];
  const history = [...(before?.history ?? []), ...(main === undefined ? [] : [main])].slice(-HISTORY);
  tracks.set(keyOf(part), { counters: part.counters, at, rates, history });
}

function summary(parts: readonly PartHealth[]): VNode {
  const down = parts.filter((part) => part.status === "down").length;
  const degraded = parts.filter((part) => part.status === "degraded").length;
  const up = parts.filter((part) => part.status === "up").length;
  const waiting = parts.reduce((sum, part) => sum + (part.gauges["waiting"] ?? 0) + (part.gauges["spooled"] ?? 0), 0);
  const part = (number: number, text: string, mood: string): VNode =>
    h("div", { class: `fplus-mood-${mood}` }, [
      h("strong", { style: number > 0 ? "color: var(--mood)" : "" }, amountText(number)),
      h("span", text),
    ]);
  return h("div", { class: "fplus-summary" }, [
    part(up, "parts up", "running"),
    part(degraded, "degraded", "busy"),
    part(down, "down", "fault"),
    part(waiting, "records waiting in spools", "busy"),
  ]);
}

function row(part: PartHealth, track: Track | undefined): VNode {
  const mood = { up: "running", degraded: "busy", down: "fault", off: "idle" }[part.status];
  // A part that is not at work has no figures.
  const isOff = part.status === "off";
  const rate = isOff ? undefined : track?.rates[MAIN_COUNTER[part.kind] ?? ""];
  const trouble = Object.entries(isOff ? {} : part.counters).filter(([name, total]) => TROUBLE.test(name) && total > 0);
  const shown = SHOWN_GAUGES[part.kind];
  const now = Object.entries(part.gauges).filter(([name]) => shown === undefined || shown.includes(name));
  return h("tr", { key: keyOf(part), class: `fplus-mood-${mood}`, "data-kind": part.kind }, [
    partCell(part),
    h("td", h("span", { class: "fplus-badge" }, part.status)),
    h("td", { class: "fplus-number", "data-label": "Rate" }, rate === undefined ? "–" : `${amountText(rate)}/s`),
    h("td", { class: "fplus-hide-small", style: "width: 120px" }, isOff ? [] : sparkline(track?.history ?? [])),
    h(
      "td",
      { class: "fplus-figures", "data-label": "Now" },
      isOff ? "–" : now.map(([name, value]) => `${words(name)} ${amountText(value)}`).join(" · "),
    ),
    h(
      "td",
      {
        style: "white-space: normal",
        class: trouble.length > 0 ? "fplus-quality-uncertain" : "fplus-soft",
        "data-label": "Trouble",
      },
      trouble.length === 0 ? "none" : trouble.map(([name, total]) => `${words(name)} ${amountText(total)}`).join(" · "),
    ),
    placeCell(part),
  ]);
}

function partCell({ kind, name }: PartHealth): VNode {
  return h("td", [
    h("div", { style: "font-weight: 600" }, KIND_NAMES[kind] ?? kind),
    // The plant's own stores are called as their kind is.
    h("div", { class: "fplus-soft" }, name === kind ? "the plant's own" : name),
  ]);
}

function placeCell({ detail, mode }: PartHealth): VNode {
  return h("td", { class: "fplus-hide-small fplus-soft", title: detail }, [
    detail,
    mode === "embedded" ? " (embedded)" : "",
  ]);
}

/** What a part looks after: for a Sparkplug host the edge nodes and devices it knows. */
function members(part: PartHealth, list: readonly PartMember[], now: number): VNode[] {
  if (list.length === 0) return [];
  return [
    h("h3", `${KIND_NAMES[part.kind] ?? part.kind} ${part.name}: nodes and devices`),
    h("div", { class: "fplus-scroll", style: "max-height: none" }, [
      h("table", { class: "fplus-stack", "data-members": part.kind }, [
        h(
          "thead",
          h(
            "tr",
            ["Node or device", "State", "For", "Figures"].map((text) => h("th", text)),
          ),
        ),
        h(
          "tbody",
          list.map(({ name, state, since, figures }) =>
            h("tr", { key: name, class: `fplus-mood-${MOODS[state]}`, "data-member": name }, [
              h("td", { style: name.split("/").length > 2 ? "padding-left: 2em" : "font-weight: 600" }, name),
              h("td", h("span", { class: "fplus-badge" }, state)),
              h("td", { "data-label": "For" }, since === 0 ? "–" : ageText(now - since)),
              h(
                "td",
                { class: "fplus-soft" },
                Object.entries(figures)
                  .filter(([figure, value]) => value > 0 || figure === "metrics")
                  .map(([figure, value]) => `${words(figure)} ${amountText(value)}`)
                  .join(" · "),
              ),
            ]),
          ),
        ),
      ]),
    ]),
  ];
}

/** `spoolRecords` as `spool records`. */
function words(name: string): string {
  return name.replace(/([A-Z])/g, " $1").toLowerCase();
}
