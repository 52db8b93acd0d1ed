import { part } from "./node-row.ts";
import { openBrowser, ServerBrowser } from "./server-browser.ts";
import type { NodeAddress, NodeClass } from "./server-view.ts";

/** Which field gets the node, and what it may be. */
export interface PickerOptions {
  /** Id of the field, without `#`. */
  readonly field: string;
  readonly classes: readonly NodeClass[];
  /** For a text area: a line of its own in place of the whole. */
  readonly append?: boolean;
  /** Told of the node's address, and of the object it belongs to. */
  readonly onNode?: (address: NodeAddress) => void;
}

/** Puts a button behind a field that chooses its node in the tree of the endpoint chosen in `#node-input-endpoint`. */
export function addNodePicker({ field, classes, append = false, onNode }: PickerOptions): void {
  const input = document.querySelector<HTMLInputElement | HTMLTextAreaElement>(`#${field}`);
  if (input === null) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "red-ui-button fplus-pick";
  button.title = "Choose it in the server's tree";
  button.setAttribute("aria-label", button.title);
  button.append(part("i", "fa fa-search"));
  button.style.marginLeft = "4px";
  input.style.width = "calc(70% - 44px)";
  input.after(button);
  button.addEventListener("click", () => {
    const endpoint = document.querySelector<HTMLSelectElement>("#node-input-endpoint")?.value ?? "";
    if (endpoint === "" || endpoint === "_ADD_") RED.notify("Choose an endpoint first.", "warning");
    else
      browseNode(endpoint, classes, (found) => {
        input.value =
          append && input.value.trim() !== "" ? `${input.value.trimEnd()}\n${found.address}` : found.address;
        input.dispatchEvent(new Event("change", { bubbles: true }));
        onNode?.(found);
      });
  });
}

function browseNode(endpoint: string, classes: readonly NodeClass[], onNode: (found: NodeAddress) => void): void {
  const hint = `Tick ${classes.length === 1 ? `the ${classes[0]}` : "the node"}.`;
  const make = (): ServerBrowser =>
    new ServerBrowser(endpoint, { classes: new Set(classes), single: true, hint }, () => undefined);
  const take = async ({ selection, view }: ServerBrowser): Promise<NodeAddress> => {
    const [pick] = selection.picks();
    if (pick === undefined) throw new Error(hint);
    return view.address(pick.nodeId);
  };
  openBrowser("Choose a node", "Use", make, take, onNode);
}
