/** Shows the first rows of an answer in a dialog's table; without columns the table is hidden. Long values are whole in their tooltip. */
export function showTable(table: JQuery, columns: readonly string[], rows: readonly (readonly string[])[]): void {
  table.toggle(columns.length > 0).empty();
  const line = (kind: "th" | "td", cells: readonly string[]): void => {
    $("<tr>")
      .append(...cells.map((text) => cell(kind, text)))
      .appendTo(table);
  };
  line("th", columns);
  for (const row of rows) line("td", row);
  if (columns.length > 0) table[0]?.parentElement?.scrollIntoView({ block: "nearest" });
}

function cell(kind: "th" | "td", text: string): JQuery {
  return $(`<${kind}>`)
    .css({
      textAlign: "left",
      padding: "2px 10px 2px 0",
      whiteSpace: "nowrap",
      maxWidth: "240px",
      overflow: "hidden",
      textOverflow: "ellipsis",
    })
    .text(text)
    .attr("title", text);
}
