import { STORED } from "../editor/stored-secret.ts";
import { secretName, SLOTS } from "./secrets.ts";

const LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

/** A row as the node keeps it. */
export interface KeyRow {
  slot: number;
  name: string;
  accessKey: string;
  buckets: string;
  rights: "read" | "write";
}

/** Shows the access keys of a store in an editable list. */
export function showAccessKeys(list: JQuery, node: EditorInstance): void {
  list.editableList({
    addButton: "Add a key",
    removable: true,
    sortable: false,
    height: 270,
    addItem: (container: JQuery, _index: number, data: Partial<KeyRow>) => addRow(list, container, data, node),
  });
  for (const row of rowsOf(node)) list.editableList("addItem", row);
}

/** Takes what the list shows over into the node, and forgets the secrets of rows that are gone. */
export function keepAccessKeys(list: JQuery, node: EditorInstance): void {
  const rows: KeyRow[] = [];
  (list.editableList("items") as JQuery).each((_, item) => {
    const field = (name: string): string => String($(item).find(`[data-field=${name}]`).val() ?? "").trim();
    rows.push({
      slot: Number($(item).find("[data-field=secret]").data("slot")),
      name: field("name"),
      accessKey: field("accessKey"),
      buckets: field("buckets"),
      rights: field("rights") === "read" ? "read" : "write",
    });
  });
  node["keys"] = rows;
  const credentials = node.credentials;
  if (credentials === undefined) return;
  for (let slot = 1; slot <= SLOTS; slot++) {
    if (rows.some((row) => row.slot === slot) || credentials[`has_${secretName(slot)}`] !== true) continue;
    credentials[secretName(slot)] = "";
    credentials[`has_${secretName(slot)}`] = false;
  }
}

/** Says what is wrong with the keys, or true. */
export function checkAccessKeys(rows: readonly KeyRow[]): boolean | string {
  if (rows.length === 0) return "Add an access key, or do not serve programs.";
  const short = rows.find(({ accessKey }) => accessKey.length < 3);
  if (short !== undefined) return `Give ${short.name || "every row"} an access key of 3 characters or more.`;
  const names = rows.map(({ accessKey }) => accessKey);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return `${twice} stands there twice: give every organisation a key of its own.`;
  const closed = rows.find(({ buckets }) => buckets.trim() === "");
  return closed === undefined || `Name the buckets of ${closed.accessKey}, or write * for all.`;
}

function rowsOf(node: EditorInstance): KeyRow[] {
  return Array.isArray(node["keys"]) ? (node["keys"] as KeyRow[]) : [];
}

function addRow(list: JQuery, container: JQuery, data: Partial<KeyRow>, node: EditorInstance): void {
  const isNew = data.slot === undefined;
  const slot = data.slot ?? freeSlot(list);
  if (slot === undefined) {
    RED.notify(`A store has ${SLOTS} access keys at most.`, "warning");
    setTimeout(() => list.editableList("removeItem", data));
    return;
  }
  const row: KeyRow = { name: "", accessKey: "", buckets: isNew ? "factory-plus" : "", rights: "write", ...data, slot };
  const stored = node.credentials?.[`has_${secretName(slot)}`] === true;
  const secret = input("secret", "Secret key", "password")
    // The editor itself keeps the credential of an input with that id.
    .attr("id", `node-config-input-${secretName(slot)}`)
    .attr("autocomplete", "new-password")
    .data("slot", slot)
    .attr("data-slot", slot)
    .val(isNew ? "" : String(node.credentials?.[secretName(slot)] ?? (stored ? STORED : "")));
  const accessKey = input("accessKey", "Access key").val(row.accessKey);
  const generate = $("<button type='button' class='red-ui-button' title='Make new keys'>")
    .append($("<i class='fa fa-magic'>"), " New")
    .on("click", () => {
      if (accessKey.val() === "") accessKey.val(random(16));
      // Shown until the dialog closes, so that it can be copied.
      secret.attr("type", "text").val(random(40)).trigger("change").trigger("select");
    });
  const rights = $("<select data-field='rights' aria-label='Rights'>")
    .append($("<option value='write'>").text("read and write"), $("<option value='read'>").text("read only"))
    .css({ width: "135px" })
    .val(row.rights);
  container.append(
    line(input("name", "Organisation").val(row.name), accessKey),
    line(secret, generate),
    line(input("buckets", "Buckets: factory-plus, org-acme-*").val(row.buckets), rights),
  );
}

function line(...parts: JQuery[]): JQuery {
  return $("<div>")
    .css({ display: "flex", gap: "6px", margin: "3px 0" })
    .append(...parts);
}

function input(field: string, label: string, type = "text"): JQuery {
  return $("<input>")
    .attr({ type, placeholder: label, "aria-label": label, "data-field": field })
    .css({ flex: "1 1 0", minWidth: 0 });
}

function freeSlot(list: JQuery): number | undefined {
  const used = new Set<number>();
  list.find("[data-slot]").each((_, element) => void used.add(Number($(element).data("slot"))));
  return Array.from({ length: SLOTS }, (_, i) => i + 1).find((slot) => !used.has(slot));
}

function random(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("");
}
