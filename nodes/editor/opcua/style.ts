import css from "./style.css";

const ID = "fplus-opcua-style";

/** Puts the style sheet of these dialogs on the page, once. */
export function installStyle(): void {
  if (document.getElementById(ID) !== null) return;
  const style = document.createElement("style");
  style.id = ID;
  style.textContent = css;
  document.head.append(style);
}
