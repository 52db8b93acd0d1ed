import { NO_ANSWER } from "../editor/failure.ts";
import { filterSuggestions, type KnownIndex, listSuggestions, narrowed } from "./suggestions.ts";

/** The live box of the dialog: what is typed is searched at once, with the filter and the facets of the dialog. */
type Hit = Readonly<Record<string, unknown>>;

interface Found {
  readonly error?: string;
  readonly indexes?: readonly string[];
  readonly known?: KnownIndex;
  readonly answer?: {
    readonly hits: readonly Hit[];
    readonly estimatedTotalHits: number;
    readonly processingTimeMs: number;
    readonly facetDistribution?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  };
}

const WAIT_MS = 150;
/** Marks around what was found; no document has them. */
const OPEN = "\u0001";
const CLOSE = "\u0002";

/** Brings the box to life. */
export function tryOut(): void {
  let known: KnownIndex | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let latest = 0;
  const field = (name: string): string => String($(`#node-input-${name}`).val() ?? "").trim();
  const list = (text: string): string[] => text.split(",").flatMap((one) => (one.trim() === "" ? [] : [one.trim()]));
  const ask = (): void => {
    const number = ++latest;
    const facets = field("mode") === "facets" && field("facets") === "" ? ["*"] : list(field("facets"));
    const body = {
      q: String($("#fplus-search-q").val() ?? ""),
      filter: field("filter"),
      facets,
      sort: field("mode") === "facets" ? [] : list(field("sort")),
      limit: 5,
      attributesToHighlight: ["*"],
      highlightPreTag: OPEN,
      highlightPostTag: CLOSE,
    };
    post(body)
      .done((found: Found) => {
        if (number === latest) show(found, field("index"));
      })
      .fail(() => show({ error: NO_ANSWER }, ""));
  };
  const post = (body?: object): JQuery.jqXHR<Found> => {
    const engine = field("engine") === "_ADD_" ? "" : field("engine");
    return $.ajax({
      url: "fplus/search/try",
      method: "POST",
      contentType: "application/json",
      data: JSON.stringify({ engine, index: field("index"), body }),
    });
  };
  const learn = (): void => {
    known = undefined;
    void post().done((found: Found) => {
      known = found.known;
      showAttributes(known?.filterable ?? []);
    });
  };
  const suggest = (name: string, optionsOf: (text: string, index: KnownIndex) => string[]): void => {
    const options = $("<datalist>").attr("id", `fplus-search-${name}s`).insertAfter(`#node-input-${name}`);
    $(`#node-input-${name}`)
      .attr({ list: `fplus-search-${name}s`, autocomplete: "off" })
      .on("focus input", () => {
        const texts = known === undefined ? [] : optionsOf(String($(`#node-input-${name}`).val() ?? ""), known);
        options.empty().append(...texts.map((text) => $("<option>").attr("value", text)));
      });
  };
  suggest("filter", filterSuggestions);
  suggest("facets", (text, { filterable }) => listSuggestions(text, filterable));
  suggest("sort", (text, { sortable }) => listSuggestions(text, sortable, [":asc", ":desc"]));
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  };
  $("#fplus-search-q").on("input", later);
  $("#node-input-index, #node-input-filter, #node-input-facets, #node-input-sort, #node-input-mode").on(
    "change",
    later,
  );
  $("#node-input-engine").on("change", later);
  $("#node-input-index, #node-input-engine").on("change", learn);
  later();
  learn();
}

function show({ error, indexes = [], answer }: Found, index: string): void {
  const options = indexes.map((name) => $("<option>").attr("value", name));
  $("#fplus-search-indexes")
    .empty()
    .append(...options);
  const box = $("#fplus-search-found").empty();
  const says = $("#fplus-search-says").css("color", error === undefined ? "" : "var(--red-ui-text-color-error)");
  if (error !== undefined) return void says.text(error.replace(/^search\.[\w-]+: /, ""));
  if (answer === undefined) {
    const there = indexes.length === 0 ? "There is no index yet." : `There are ${indexes.join(", ")}.`;
    return void says.text(
      index === "" ? there : `There is no index ${index} yet. ${indexes.length === 0 ? "" : there}`,
    );
  }
  says.text(`${answer.estimatedTotalHits.toLocaleString("en")} found in ${answer.processingTimeMs} ms`);
  for (const [name, counts] of Object.entries(answer.facetDistribution ?? {})) {
    const row = $("<div>")
      .addClass("fplus-search-facet")
      .append($("<b>").text(`${name} `));
    const entries = Object.entries(counts);
    for (const [value, count] of entries.slice(0, 8)) {
      const chip = chipOf(`${value} ${count}`, "Add to the filter").on("click", () =>
        setField("filter", narrowed(String($("#node-input-filter").val() ?? ""), name, value)),
      );
      row.append(chip);
    }
    if (entries.length > 8) row.append($("<i>").text(`and ${entries.length - 8} more`));
    box.append(row);
  }
  for (const hit of answer.hits) box.append(card(hit));
}

/** The attributes that can be counted, to be picked. */
function showAttributes(attributes: readonly string[]): void {
  const row = $("#fplus-search-attributes")
    .empty()
    .toggle(attributes.length > 0);
  row.append($("<small>").text("counts and filters: "));
  for (const attribute of attributes) {
    const chip = chipOf(attribute, "Add to the facets, or take away").on("click", () => {
      const facets = String($("#node-input-facets").val() ?? "")
        .split(",")
        .flatMap((one) => one.trim() || []);
      const kept = facets.filter((one) => one !== attribute);
      setField("facets", (kept.length < facets.length ? kept : [...kept, attribute]).join(", "));
    });
    row.append(chip);
  }
}

function chipOf(text: string, title: string): JQuery {
  return $("<button type='button'>").addClass("fplus-search-chip").attr("title", title).text(text);
}

function setField(name: string, text: string): void {
  $(`#node-input-${name}`).val(text).trigger("change");
}

function card(hit: Hit): JQuery {
  const rows = Object.entries((hit["_formatted"] as Hit | undefined) ?? hit).filter(([name]) => !name.startsWith("_"));
  const block = $("<div>").addClass("fplus-search-hit");
  const title = rows.find(([name]) => name === "name") ?? rows.find(([name]) => name === "id");
  if (title !== undefined) block.append(marked($("<b>"), textOf(title[1])));
  const line = $("<div>");
  for (const [name, value] of rows) {
    if (name === title?.[0] || value === "" || value === null) continue;
    line.append($("<small>").text(`${name} `), marked($("<span>"), textOf(value)), document.createTextNode(" "));
  }
  return block.append(line);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** Text of a document, never HTML: only the marks become elements. */
function marked(target: JQuery, text: string): JQuery {
  for (const part of text.split(OPEN)) {
    const [inside = "", outside] = part.split(CLOSE);
    if (outside === undefined) target.append(document.createTextNode(inside));
    else target.append($("<mark>").text(inside), document.createTextNode(outside));
  }
  return target;
}
