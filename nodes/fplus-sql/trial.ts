import { type Failure, reasonOf } from "../editor/failure.ts";
import { showTable } from "../editor/result-table.ts";

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
        showTable(this.#table, [], []);
        this.#result.text(reasonOf(failure)).css("color", "var(--red-ui-text-color-error)");
      },
    );
  }

  #show({ text, columns, rows, needs }: Tried): void {
    this.#result.text(text);
    showTable(this.#table, columns, rows);
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
