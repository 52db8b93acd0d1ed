import { type Failure, reasonOf } from "../editor/failure.ts";

interface Column {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly key: boolean;
}

interface Table {
  readonly schema: string;
  readonly name: string;
  readonly view: boolean;
  readonly columns: readonly Column[];
}

/** Shows the tables and columns of a deployed database; what is chosen is handed to `insert`, quoted where it must be. */
export function browseSchema(database: string, insert: (text: string) => void): void {
  $.getJSON(`fplus/database/schema/${encodeURIComponent(database || "plant")}`).then(
    (tables: readonly Table[]) => show(tables, insert),
    (failure: Failure) => RED.notify(reasonOf(failure), "error"),
  );
}

function show(tables: readonly Table[], insert: (text: string) => void): void {
  const search = $("<input>").attr({ type: "text", "aria-label": "Search tables and columns" });
  const tree = $("<div>").css({ height: "340px", marginTop: "8px" });
  const hint =
    tables.length === 0
      ? "The database has no tables yet."
      : "Click a table or a column to write it into the statement.";
  const notice = RED.notify($("<div>").append($("<p>").text(hint), search, tree), {
    modal: true,
    fixed: true,
    width: 560,
    buttons: [{ text: "Close", class: "primary", click: () => notice.close() }],
  });
  tree.treeList({ data: itemsOf(tables, ""), ariaLabel: "Tables" });
  tree.on("treelistselect", (_event, item: { insert?: string }) => {
    if (item.insert !== undefined) insert(item.insert);
  });
  search.searchBox({
    delay: 200,
    style: "compact",
    change: () => tree.treeList("data", itemsOf(tables, String(search.val() ?? "").toLowerCase())),
  });
}

function itemsOf(tables: readonly Table[], wanted: string): object[] {
  return tables.flatMap(({ schema, name, view, columns }) => {
    const isWhole = name.toLowerCase().includes(wanted);
    const kept = isWhole ? columns : columns.filter((column) => column.name.toLowerCase().includes(wanted));
    if (kept.length === 0 && !isWhole) return [];
    const shown = schema === "public" ? name : `${schema}.${name}`;
    return [
      {
        label: shown,
        sublabel: view ? "view" : "",
        icon: view ? "fa fa-eye" : "fa fa-table",
        insert: schema === "public" ? quoted(name) : `${quoted(schema)}.${quoted(name)}`,
        expanded: wanted !== "" && !isWhole,
        children: kept.map((column) => ({
          label: column.name,
          sublabel: `${column.type}${column.nullable ? "" : ", required"}`,
          icon: column.key ? "fa fa-key" : "fa fa-columns",
          insert: quoted(column.name),
        })),
      },
    ];
  });
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
