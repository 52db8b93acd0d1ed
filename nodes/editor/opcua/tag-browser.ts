import type { TagRow } from "./tag-row.ts";
import { part } from "./node-row.ts";
import { SearchResults } from "./search-results.ts";
import { Selection } from "./selection.ts";
import { ServerTree } from "./server-tree.ts";
import { ServerView } from "./server-view.ts";
import { installStyle } from "./style.ts";
import { ValueFeed } from "./value-feed.ts";

const TYPING_MS = 250;
const WIDTH_PX = 720;

/** Opens the tree of an endpoint's server beside the dialog; `onTags` is given the rows of what was ticked. */
export function browseTags(endpoint: string, onTags: (rows: TagRow[]) => void): void {
  installStyle();
  let browser: TagBrowser | undefined;
  RED.tray.show({
    title: "Choose variables",
    width: WIDTH_PX,
    buttons: [
      { id: "fplus-browser-cancel", text: "Cancel", click: () => RED.tray.close() },
      {
        id: "fplus-browser-add",
        text: "Add",
        class: "primary",
        click: () => {
          browser?.rows().then(
            (rows) => RED.tray.close(() => onTags(rows)),
            (error: unknown) => browser?.say(error instanceof Error ? error.message : String(error), true),
          );
        },
      },
    ],
    open: (tray) => {
      browser = new TagBrowser(endpoint);
      tray.find(".red-ui-tray-body").append($(browser.element));
    },
    close: () => browser?.close(),
  });
}

/** Search field, tree or results, and a line that says what is chosen and how it is taken. */
class TagBrowser {
  readonly element = part("div", "fplus-browser");
  readonly #view: ServerView;
  readonly #selection = new Selection(() => this.#showChoice());
  readonly #tree: ServerTree;
  readonly #results: SearchResults;
  readonly #feed: ValueFeed;
  readonly #search = document.createElement("input");
  readonly #status = part("div", "fplus-status");
  readonly #chosen = part("span", "fplus-chosen");
  readonly #by = choice("Name them by", [
    ["nodeId", "NodeId"],
    ["path", "browse path"],
  ]);
  readonly #for = choice("Read them from", [["device", "this device"]]);
  #typing = 0;

  constructor(endpoint: string) {
    this.#view = new ServerView(endpoint);
    const feed = (): ValueFeed => this.#feed;
    this.#tree = new ServerTree(this.#view, this.#selection, feed, (text) => this.say(text, true));
    this.#results = new SearchResults(this.#view, this.#selection, feed, (text) => this.say(text));
    this.#feed = new ValueFeed(
      this.#view,
      () => this.#shown.visibleVariables(),
      () => this.#shown.showValues(),
    );
    this.#search.type = "search";
    this.#search.className = "fplus-search";
    this.#search.placeholder = "Search the server by name, path or description";
    this.#search.setAttribute("aria-label", "Search the server");
    this.#search.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = window.setTimeout(() => this.#look(), TYPING_MS);
    });
    this.#status.setAttribute("role", "status");
    const footer = part("div", "fplus-footer");
    footer.append(this.#chosen, this.#by.label, this.#for.label);
    this.element.append(this.#search, this.#status, this.#tree.element, this.#results.element, footer);
    this.#for.select.addEventListener("change", () => this.#showChoice());
    this.#look();
    this.#showChoice();
  }

  /** The rows of what is ticked. */
  async rows(): Promise<TagRow[]> {
    if (this.#selection.size === 0) throw new Error("Tick variables, or an object for all variables below it.");
    const device = this.#selection.device;
    const template = device !== undefined && this.#for.select.value === "type" ? { template: device.nodeId } : {};
    this.say("Reading …");
    return this.#view.tags(this.#selection.picks(), { by: this.#by.select.value as "nodeId" | "path", ...template });
  }

  say(text: string, isError = false): void {
    this.#status.textContent = text;
    this.#status.classList.toggle("fplus-error", isError);
  }

  close(): void {
    clearTimeout(this.#typing);
    this.#feed.close();
    this.#tree.close();
    this.#results.close();
    this.#view.close();
  }

  get #shown(): ServerTree | SearchResults {
    return this.#search.value.trim() === "" ? this.#tree : this.#results;
  }

  #look(): void {
    const text = this.#search.value.trim();
    this.#results.search(text);
    this.say(text === "" ? "Tick variables, or an object for all variables below it." : "Searching …");
    this.#tree.element.hidden = text !== "";
    this.#results.element.hidden = text === "";
    this.#shown.redraw();
  }

  #showChoice(): void {
    const { size, device } = this.#selection;
    this.#chosen.textContent = size === 0 ? "Nothing chosen" : `${size} chosen`;
    const isTyped = device !== undefined;
    this.#for.label.hidden = !isTyped;
    const chosen = isTyped && this.#for.select.value === "type" ? "type" : "device";
    this.#for.options([
      ["device", "this device"],
      ["type", `every ${device?.type ?? ""}`],
    ]);
    this.#for.select.value = chosen;
    this.#by.label.hidden = chosen === "type";
  }
}

type Option = readonly [value: string, text: string];

function choice(text: string, options: readonly Option[]) {
  const label = part("label", "fplus-choice", `${text} `);
  const select = document.createElement("select");
  const fill = (all: readonly Option[]): void =>
    select.replaceChildren(...all.map(([value, shown]) => new Option(shown, value)));
  fill(options);
  label.append(select);
  return { label, select, options: fill };
}
