import { type Failure, reasonOf } from "../editor/failure.ts";
import { found, type KnownSignal, MOST_FOUND, type SignalItem, treeOf } from "./signal-tree.ts";

interface Held {
  /** How many the historian holds; no more than some are listed. */
  readonly count: number;
  readonly signals: readonly KnownSignal[];
}

/**
 * Shows the signals that a deployed historian holds, to be ticked one by one or a whole branch at once; `use` gets the lines of the
 * field, those that were in it and are still ticked first.
 */
export function browseSignals(historian: string, lines: readonly string[], use: (lines: string[]) => void): void {
  const chosen = new Set(lines);
  const note = $("<p>").attr("role", "status").text("Asking the historian …");
  const search = $("<input>").attr({ type: "text", "aria-label": "Search signals" });
  const tree = $("<div>").css({ height: "320px", marginTop: "8px" });
  let held: Held = { count: 0, signals: [] };
  const show = (): void => {
    const text = String(search.val() ?? "").trim();
    if (text === "") {
      tree.treeList("data", treeOf(held.signals, chosen));
      return say();
    }
    const { count, items } = found(held.signals, chosen, text);
    tree.treeList("data", items);
    note.text(count > MOST_FOUND ? `${count} found, the first ${MOST_FOUND} are shown.` : `${count} found.`);
  };
  const say = (): void => {
    const { count, signals } = held;
    if (count === 0)
      return void note.text("The historian holds no signal yet. Wire something to a historian write node.");
    const shown = count > signals.length ? `, the first ${signals.length.toLocaleString("en")} are shown` : "";
    const many = chosen.size === 0 ? "" : ` ${chosen.size} chosen.`;
    note.text(
      `${count.toLocaleString("en")} ${count === 1 ? "signal" : "signals"}${shown}. Tick signals, or a branch for all below it.${many}`,
    );
  };
  const notice = RED.notify($("<div>").append(note, search, tree), {
    modal: true,
    fixed: true,
    width: 600,
    buttons: [
      { text: "Cancel", click: () => notice.close() },
      {
        text: "Use",
        class: "primary",
        click: () => {
          use([...chosen]);
          notice.close();
        },
      },
    ],
  });
  tree.treeList({ data: [], multi: true, autoSelect: false, ariaLabel: "Signals" });
  tree.on("treelistselect", (_event, item?: SignalItem) => {
    if (item === undefined) return;
    if (item.selected) chosen.add(item.line);
    else chosen.delete(item.line);
    if (String(search.val() ?? "").trim() === "") say();
  });
  search.searchBox({ delay: 200, style: "compact", change: show });
  $.getJSON(`fplus/historian/signals/${encodeURIComponent(historian || "plant")}`).then(
    (answer: Held) => {
      held = answer;
      show();
    },
    (failure: Failure) => void note.text(reasonOf(failure)),
  );
}
