import { type Failure, reasonOf } from "../editor/failure.ts";

interface Tried {
  readonly text: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly needs: readonly string[];
}

/** The Try button: asks for the values of parameters, then shows the first rows. Nothing is changed by it. */
export class Trial {
  readonly #fields = $("#fplus-sql-dialog-values");
  readonly #result = $("#fplus-sql-dialog-result");
  readonly #table = $("#fplus-sql-dialog-rows");

  run(database: string, query: string): void {
    this.#result.text("Asking the database …").css("color", "");
    $.ajax({
      url: `fplus/database/try/${encodeURIComponent(database || "plant")}`,
      method: "POST",
      contentType: "application/json",
      data: JSON.stringify({ query, params: this.#values() }),
    }).then(
      (tried: Tried) => this.#show(tried),
      (failure: Failure) => {
        this.#showRows([], []);
        this.#result.text(reasonOf(failure)).css("color", "var(--red-ui-text-color-error)");
      },
    );
  }

  #show({ text, columns, rows, needs }: Tried): void {
    this.#result.text(text);
    this.#showRows(columns, rows);
    for (const name of needs) {
      const id = `fplus-sql-dialog-value-${name}`;
      const row = $("<div>").addClass("form-row").appendTo(this.#fields);
      $("<label>")
        .attr("for", id)
        .text(/^\d+$/.test(name) ? `$${name}` : `:${name}`)
        .appendTo(row);
      $("<input>").attr({ type: "text", id, "data-parameter": name, placeholder: "value for the trial" }).appendTo(row);
    }
    this.#fields.find("input").last().trigger("focus");
  }

  #showRows(columns: readonly string[], rows: readonly (readonly string[])[]): void {
    const table = this.#table.toggle(columns.length > 0).empty();
    const cell = (kind: "th" | "td", text: string): JQuery =>
      $(`<${kind}>`)
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
    $("<tr>")
      .append(...columns.map((column) => cell("th", column)))
      .appendTo(table);
    for (const row of rows)
      $("<tr>")
        .append(...row.map((value) => cell("td", value)))
        .appendTo(table);
  }

  /** Numbers, booleans and null as such, everything else as text. */
  #values(): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    this.#fields.find("input").each((_i, element) => {
      const text = String($(element).val() ?? "");
      const isPlain = /^(true|false|null|-?\d{1,15}(\.\d+)?)$/.test(text);
      values[String($(element).data("parameter"))] = isPlain
        ? (JSON.parse(text.replace(/^(-?)0+(?=\d)/, "$1")) as unknown)
        : text;
    });
    return values;
  }
}
