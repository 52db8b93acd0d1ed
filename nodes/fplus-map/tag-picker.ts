import { type Failure, reasonOf } from "../editor/failure.ts";
import { askSeenTags, askServerTags, type KnownTag } from "./map-requests.ts";
import type { RuleRow } from "./rule-row.ts";

interface TreeItem {
  label: string;
  sublabel?: string;
  icon?: string;
  checkbox?: boolean;
  selected?: boolean;
  expanded?: boolean;
  children?: TreeItem[];
  tag?: KnownTag;
}

/** Asks for tags to map: those that this node has seen, or all that a server has; hands rows to `add`. */
export function pickTags(id: string, add: (rows: RuleRow[]) => void): void {
  const source = document.createElement("select");
  source.id = "fplus-map-source";
  source.append(new Option("tags that came by here", ""));
  RED.nodes.eachConfig((node) => {
    if (node.type === "fplus-opcua-endpoint")
      source.append(new Option(`variables of ${node.name || String(node["url"])}`, node.id));
  });
  const together = document.createElement("input");
  together.type = "checkbox";
  together.id = "fplus-map-together";
  together.checked = true;
  together.style.cssText = "width: auto; margin: 0";
  const note = document.createElement("p");
  const search = $("<input>").attr({ type: "text", "aria-label": "Search tags" });
  const tree = $("<div>").css({ height: "300px", marginTop: "8px" });
  let tags: readonly KnownTag[] = [];
  const ticked = new Set<KnownTag>();
  let visible: readonly KnownTag[] = [];
  const collect = (): void => {
    for (const tag of visible) ticked.delete(tag);
    for (const { tag } of tree.treeList("selected") as TreeItem[]) if (tag !== undefined) ticked.add(tag);
  };
  const show = (): void => {
    const text = String(search.val() ?? "").toLowerCase();
    visible = tags.filter(({ device, tag }) => `${device}/${tag}`.toLowerCase().includes(text));
    tree.treeList("data", treeOf(visible, ticked, text !== ""));
  };
  const load = (): void => {
    note.textContent = "Looking …";
    (source.value === "" ? askSeenTags(id) : askServerTags(source.value)).then(
      (found) => {
        tags = found;
        ticked.clear();
        const free = found.filter(({ isMapped }) => isMapped === false).length;
        note.textContent =
          found.length > 0
            ? `${found.length} tags${source.value === "" ? `, ${free} of them not mapped yet` : ""}.`
            : "None yet. Deploy the map with a source wired to it, or choose a server.";
        show();
      },
      (failure: Failure) => {
        note.textContent = reasonOf(failure);
      },
    );
  };
  const row = (...parts: (Node | string)[]): HTMLElement => {
    const element = document.createElement("div");
    element.className = "form-row";
    element.append(...parts);
    return element;
  };
  const content = $("<div>").append(
    row(labelFor(source.id, "From"), source),
    note,
    search,
    tree,
    row(together, labelFor(together.id, "one row for the same tag of all devices")),
  );
  const notice = RED.notify(content, {
    modal: true,
    fixed: true,
    width: 600,
    buttons: [
      { text: "Cancel", click: () => notice.close() },
      {
        text: "Add",
        class: "primary",
        click: () => {
          collect();
          add(rowsFor([...ticked], together.checked));
          notice.close();
        },
      },
    ],
  });
  tree.treeList({ data: [], multi: true, autoSelect: false, ariaLabel: "Tags" });
  search.searchBox({
    delay: 200,
    style: "compact",
    change: () => {
      collect();
      show();
    },
  });
  source.addEventListener("change", load);
  load();
}

/** Rows for tags: one each, or one for a tag that several devices have. */
export function rowsFor(tags: readonly KnownTag[], together: boolean): RuleRow[] {
  const single = ({ device, tag, unit }: KnownTag): RuleRow => ({ device, tag, name: tag, ...(unit ? { unit } : {}) });
  if (!together) return tags.map(single);
  return [...Map.groupBy(tags, ({ tag }) => tag).values()].map((same) =>
    same.length > 1 ? { ...single(same[0]!), device: "*" } : single(same[0]!),
  );
}

function labelFor(id: string, text: string): HTMLLabelElement {
  const label = document.createElement("label");
  label.htmlFor = id;
  label.textContent = text;
  if (id === "fplus-map-together") label.style.cssText = "width: auto; margin: 0 0 0 8px";
  return label;
}

function treeOf(tags: readonly KnownTag[], ticked: ReadonlySet<KnownTag>, expanded: boolean): TreeItem[] {
  return [...Map.groupBy(tags, ({ device }) => device)].map(([device, own]) => ({
    label: device,
    icon: "fa fa-cog",
    checkbox: true,
    expanded,
    children: own.map((tag) => ({
      label: tag.tag,
      sublabel: tag.refusal ?? (tag.isMapped === true ? "mapped" : (tag.unit ?? "")),
      icon: "fa fa-tag",
      checkbox: true,
      selected: ticked.has(tag),
      tag,
    })),
  }));
}
