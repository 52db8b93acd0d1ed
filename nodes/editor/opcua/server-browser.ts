import { part } from "./node-row.ts";
import { SearchResults } from "./search-results.ts";
import { Selection } from "./selection.ts";
import { ServerTree } from "./server-tree.ts";
import { type NodeClass, ServerView } from "./server-view.ts";
import { installStyle } from "./style.ts";
import { ValueFeed } from "./value-feed.ts";

/** What may be chosen, and how much of it. */
export interface Choice {
  readonly classes: ReadonlySet<NodeClass>;
  /** One node in place of many. */
  readonly single: boolean;
  /** A sentence that says what to do. */
  readonly hint: string;
}

const TYPING_MS = 250;
const WIDTH_PX = 720;

/** Search field, tree or results, and a line at the bottom for what is chosen. */
export class ServerBrowser {
  readonly element = part("div", "fplus-browser");
  readonly footer = part("div", "fplus-footer");
  readonly view: ServerView;
  readonly selection: Selection;
  readonly #hint: string;
  readonly #tree: ServerTree;
  readonly #results: SearchResults;
  readonly #feed: ValueFeed;
  readonly #search = document.createElement("input");
  readonly #status = part("div", "fplus-status");
  readonly #again = document.createElement("button");
  #typing = 0;

  constructor(endpoint: string, { classes, single, hint }: Choice, onChange: () => void) {
    this.#hint = hint;
    this.view = new ServerView(endpoint);
    this.selection = new Selection(single, onChange);
    const feed = (): ValueFeed => this.#feed;
    const shared = { view: this.view, selection: this.selection, values: feed, classes };
    this.#tree = new ServerTree(
      shared,
      () => this.#look(),
      (text) => this.#failed(text),
    );
    this.#results = new SearchResults(shared, (text) => this.say(text));
    this.#feed = new ValueFeed(
      this.view,
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
    this.#again.type = "button";
    this.#again.className = "red-ui-button fplus-again";
    this.#again.textContent = "Try again";
    this.#again.hidden = true;
    this.#again.addEventListener("click", () => this.#connect());
    this.element.append(
      this.#search,
      this.#status,
      this.#again,
      this.#tree.element,
      this.#results.element,
      this.footer,
    );
    this.#look();
    this.say("Connecting …");
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
    this.view.close();
  }

  #connect(): void {
    this.#again.hidden = true;
    this.say("Connecting …");
    this.#tree.load();
  }

  #failed(text: string): void {
    this.say(text, true);
    this.#again.hidden = !this.#tree.isEmpty;
  }

  get #shown(): ServerTree | SearchResults {
    return this.#search.value.trim() === "" ? this.#tree : this.#results;
  }

  #look(): void {
    const text = this.#search.value.trim();
    this.#results.search(text);
    this.say(text === "" ? this.#hint : "Searching …");
    this.#tree.element.hidden = text !== "";
    this.#results.element.hidden = text === "";
    this.#shown.redraw();
  }
}

/**
 * Opens a browser beside the dialog. `take` asks the server for what was chosen; what it gives is handed to `onTaken` once
 * the dialog is back, and what it throws is shown.
 */
export function openBrowser<T>(
  title: string,
  button: string,
  make: () => ServerBrowser,
  take: (browser: ServerBrowser) => Promise<T>,
  onTaken: (taken: T) => void,
): void {
  installStyle();
  let browser: ServerBrowser | undefined;
  RED.tray.show({
    title,
    width: WIDTH_PX,
    buttons: [
      { id: "fplus-browser-cancel", text: "Cancel", click: () => RED.tray.close() },
      {
        id: "fplus-browser-add",
        text: button,
        class: "primary",
        click: () => {
          if (browser === undefined) return;
          const shown = browser;
          take(shown).then(
            (taken) => RED.tray.close(() => onTaken(taken)),
            (error: unknown) => shown.say(error instanceof Error ? error.message : String(error), true),
          );
        },
      },
    ],
    open: (tray) => {
      browser = make();
      tray.find(".red-ui-tray-body").append($(browser.element));
    },
    close: () => browser?.close(),
  });
}
