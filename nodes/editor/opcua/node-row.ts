import type { ShownValue, TreeNode } from "./server-view.ts";

const ICONS: Readonly<Record<TreeNode["nodeClass"], string>> = {
  object: "fa-cube",
  variable: "fa-tag",
  method: "fa-play-circle-o",
};
const CLASS_NAMES: Readonly<Record<TreeNode["nodeClass"], string>> = {
  object: "Object",
  variable: "Variable",
  method: "Method",
};

/** An element with a class and a text. */
export function part(tag: string, className: string, text = ""): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** The icon of a node's class; an object without a type of its own is a folder. */
export function iconOf(nodeClass: TreeNode["nodeClass"], type?: string): HTMLElement {
  const isFolder = nodeClass === "object" && type === undefined;
  const icon = part("i", `fa ${isFolder ? "fa-folder-o" : ICONS[nodeClass]} fplus-node-icon`);
  icon.title = isFolder ? "Folder" : CLASS_NAMES[nodeClass];
  return icon;
}

/** A tick box that the keyboard reaches through its row. */
export function tickBox(
  label: string,
  ticked: boolean,
  isFixed: boolean,
  onTick: (ticked: boolean) => void,
): HTMLInputElement {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.className = "fplus-tick";
  box.tabIndex = -1;
  box.checked = ticked;
  box.disabled = isFixed;
  box.setAttribute("aria-label", label);
  box.addEventListener("click", (event) => event.stopPropagation());
  box.addEventListener("change", () => onTick(box.checked));
  return box;
}

/** Writes a value into its place: the text, its type, and a word where the quality is not good. */
export function showValue(place: HTMLElement, value: ShownValue | undefined): void {
  place.replaceChildren();
  if (value === undefined) return;
  const { text, type, quality, status } = value;
  if (quality !== "good") place.append(part("span", `fplus-quality fplus-quality-${quality}`, status ?? quality));
  place.append(part("span", "fplus-value-text", text), part("span", "fplus-muted", type));
  place.title = `${text} ${type}${status === undefined ? "" : ` · ${status}`}`;
}
