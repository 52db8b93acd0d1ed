import { NO_ANSWER } from "./failure.ts";
import { STORED } from "./stored-secret.ts";

/**
 * Puts a row at the end of a configuration node's dialog whose button tries what is typed, before it is saved: every field goes to
 * `POST fplus/<what>/test`, which answers `{ ok, text }`. A stored secret that was not retyped stays on the server.
 * @returns the row, to be hidden where there is nothing to try
 */
export function addConnectionTest(node: EditorInstance, what: string): JQuery {
  const result = $("<span role='status'>").attr("id", `fplus-${what}-result`).css("marginLeft", "8px");
  // The way out stands at the end of a long sentence, below the edge of a small window.
  const say = (text: string, color: string): void => {
    result.text(text).css("color", color)[0]?.scrollIntoView({ block: "end" });
  };
  const button = $("<button type='button' class='red-ui-button'>")
    .attr("id", `fplus-${what}-test`)
    .text("Test connection")
    .on("click", () => {
      say("Connecting …", "");
      $.ajax({
        url: `fplus/${what}/test`,
        method: "POST",
        contentType: "application/json",
        data: JSON.stringify(valuesOf(node)),
      }).then(
        ({ ok, text }: { ok: boolean; text: string }) =>
          say(text, `var(--red-ui-text-color-${ok ? "success" : "error"})`),
        () => say(NO_ANSWER, "var(--red-ui-text-color-error)"),
      );
    });
  return $("<div class='form-row'>")
    .append($("<label>"), " ", button, result)
    .appendTo($("#node-config-input-name").closest("form"));
}

/** What the dialog holds now, by property; credentials beside the others. */
function valuesOf({ id, type }: EditorInstance): Record<string, unknown> {
  const { defaults, credentials = {} } = RED.nodes.getType(type)!;
  const fields = [...Object.keys(defaults), ...Object.keys(credentials)].flatMap((name) => {
    const input = $(`#node-config-input-${name}`);
    const value = input.is(":checkbox") ? input.is(":checked") : String(input.val() ?? "");
    return value === STORED ? [] : [[name, value] as const];
  });
  return { id, ...Object.fromEntries(fields) };
}
