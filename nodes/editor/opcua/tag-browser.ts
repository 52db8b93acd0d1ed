import { part } from "./node-row.ts";
import { openBrowser, ServerBrowser } from "./server-browser.ts";
import type { TagRow } from "../../tag-table/tag-row.ts";

const HINT = "Tick variables, or an object for all variables below it.";

/** Opens the tree of an endpoint's server beside the dialog; `onTags` is given the rows of what was ticked. */
export function browseTags(endpoint: string, onTags: (rows: TagRow[]) => void): void {
  const footer = new TagFooter();
  const make = (): ServerBrowser => {
    const browser = new ServerBrowser(
      endpoint,
      { classes: new Set(["object", "variable"]), single: false, hint: HINT },
      () => footer.show(),
    );
    footer.attach(browser);
    return browser;
  };
  openBrowser("Choose variables", "Add", make, () => footer.rows(), onTags);
}

/** Says how much is chosen, by what name it is read, and whether from one device or from all of its type. */
class TagFooter {
  readonly #chosen = part("span", "fplus-chosen");
  readonly #by = choice("Name them by", [
    ["nodeId", "NodeId"],
    ["path", "browse path"],
  ]);
  readonly #for = choice("Read them from", [["device", "this device"]]);
  #browser: ServerBrowser | undefined;

  attach(browser: ServerBrowser): void {
    this.#browser = browser;
    browser.footer.append(this.#chosen, this.#by.label, this.#for.label);
    this.#for.select.addEventListener("change", () => this.show());
    this.show();
  }

  show(): void {
    if (this.#browser === undefined) return;
    const { size, device } = this.#browser.selection;
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

  /** The rows of what is ticked. */
  async rows(): Promise<TagRow[]> {
    const browser = this.#browser!;
    const { selection } = browser;
    if (selection.size === 0) throw new Error(HINT);
    const { device } = selection;
    const template = device !== undefined && this.#for.select.value === "type" ? { template: device.nodeId } : {};
    browser.say("Reading …");
    return browser.view.tags(selection.picks(), { by: this.#by.select.value as "nodeId" | "path", ...template });
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
