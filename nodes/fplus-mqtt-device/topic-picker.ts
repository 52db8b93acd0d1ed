import { type Failure, reasonOf } from "../editor/failure.ts";
import { guessedRoles, type LevelRole, patternOf, taken, withRole } from "./topic-levels.ts";

interface TopicSeen {
  readonly topic: string;
  readonly payload: string;
  readonly messages: number;
  readonly retained: boolean;
}

const ROLES: readonly { role: LevelRole; label: string }[] = [
  { role: "text", label: "as it is" },
  { role: "device", label: "device" },
  { role: "metric", label: "metric" },
  { role: "any", label: "any" },
];

/** Lists the topics that a broker has now; the one pointed at becomes a pattern, level by level. */
export function pickTopic(broker: string, use: (pattern: string) => void): void {
  const note = document.createElement("p");
  note.textContent = "Listening for three seconds …";
  const search = $("<input>").attr({ type: "text", "aria-label": "Search topics" });
  const list = document.createElement("ul");
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Topics");
  list.style.cssText =
    "list-style: none; margin: 8px 0; height: 220px; overflow-y: auto; border: 1px solid var(--red-ui-form-input-border-color, #ccc)";
  const levels = document.createElement("div");
  levels.style.cssText = "display: flex; flex-wrap: wrap; gap: 8px; min-height: 62px";
  const result = document.createElement("p");
  result.setAttribute("role", "status");
  let topics: readonly TopicSeen[] = [];
  let chosen = "";
  let roles: LevelRole[] = [];

  const showLevels = (): void => {
    levels.replaceChildren(
      ...chosen.split("/").map((level, i) => {
        const select = document.createElement("select");
        select.style.cssText = "width: auto; display: block";
        select.setAttribute("aria-label", `Level ${level}`);
        for (const { role, label } of ROLES) select.append(new Option(label, role, false, roles[i] === role));
        select.addEventListener("change", () => {
          roles = withRole(roles, i, select.value as LevelRole);
          showLevels();
        });
        const part = document.createElement("div");
        const name = document.createElement("strong");
        name.textContent = level;
        part.append(name, select);
        return part;
      }),
    );
    const pattern = patternOf(chosen, roles);
    const fitting = taken(
      pattern,
      topics.map(({ topic }) => topic),
    ).length;
    result.textContent = `${pattern} takes ${fitting} of ${topics.length} ${topics.length === 1 ? "topic" : "topics"}.`;
  };
  const show = (): void => {
    const text = String(search.val() ?? "").toLowerCase();
    list.replaceChildren(
      ...topics
        .filter(({ topic }) => topic.toLowerCase().includes(text))
        .map(({ topic, payload, retained }) => {
          const item = document.createElement("li");
          item.setAttribute("role", "option");
          item.tabIndex = 0;
          item.style.cssText =
            "padding: 4px 8px; cursor: pointer; white-space: nowrap; overflow: hidden; text-overflow: ellipsis";
          const name = document.createElement("strong");
          name.textContent = topic;
          item.append(name, ` ${payload}${retained ? " (retained)" : ""}`);
          item.title = payload;
          const choose = (): void => {
            for (const other of list.children) (other as HTMLElement).style.background = "";
            item.style.background = "var(--red-ui-list-item-background-selected, #dfe7f3)";
            chosen = topic;
            roles = guessedRoles(topic);
            showLevels();
          };
          item.addEventListener("click", choose);
          item.addEventListener("keydown", (event) => event.key === "Enter" && choose());
          return item;
        }),
    );
  };
  const notice = RED.notify($("<div>").append(note, search, list, levels, result), {
    modal: true,
    fixed: true,
    width: 640,
    buttons: [
      { text: "Cancel", click: () => notice.close() },
      {
        text: "Use",
        class: "primary",
        click: () => {
          if (chosen !== "") use(patternOf(chosen, roles));
          notice.close();
        },
      },
    ],
  });
  search.searchBox({ delay: 200, style: "compact", change: show });
  $.getJSON("fplus/mqtt/topics", { broker: broker === "_ADD_" ? "" : broker }).then(
    (found: TopicSeen[]) => {
      topics = found;
      note.textContent =
        found.length === 0
          ? "Nothing was said on the broker in three seconds. Try again while a sensor sends."
          : `${found.length} ${found.length === 1 ? "topic" : "topics"}. Point at one, then say what its levels name.`;
      show();
    },
    (failure: Failure) => {
      note.textContent = reasonOf(failure);
    },
  );
}
