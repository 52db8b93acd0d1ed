import { type Failure, reasonOf } from "../editor/failure.ts";

interface SlowStatement {
  readonly sql: string;
  readonly count: number;
  readonly totalMs: number;
  readonly maxMs: number;
  readonly plan: string;
}

/** Shows the statements of a deployed database that took long, each with the plan of the server. */
export function showSlowStatements(database: string): void {
  $.getJSON(`fplus/database/slow/${encodeURIComponent(database)}`).then(
    (statements: readonly SlowStatement[]) => show(statements),
    (failure: Failure) => RED.notify(reasonOf(failure), "error"),
  );
}

function show(statements: readonly SlowStatement[]): void {
  const text = statements.length === 0 ? "No statement took 200 ms or longer since the database was opened." : "";
  const list = $("<div>")
    .css({ maxHeight: "380px", overflow: "auto" })
    .append(...statements.map(entryOf));
  const notice = RED.notify($("<div>").append($("<p>").text(text), list), {
    modal: true,
    fixed: true,
    width: 640,
    buttons: [{ text: "Close", class: "primary", click: () => notice.close() }],
  });
}

function entryOf({ sql, count, totalMs, maxMs, plan }: SlowStatement): JQuery {
  const times =
    count === 1
      ? `once, ${seconds(maxMs)}`
      : `${count} times, ${seconds(totalMs / count)} each, ${seconds(maxMs)} at most`;
  const code = (text: string): JQuery => $("<pre>").css({ whiteSpace: "pre-wrap", fontSize: "11px" }).text(text);
  return $("<div>")
    .addClass("fplus-slow-statement")
    .css({ marginBottom: "16px" })
    .append($("<strong>").text(times), code(sql), $("<details>").append($("<summary>").text("Plan"), code(plan)));
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;
}
