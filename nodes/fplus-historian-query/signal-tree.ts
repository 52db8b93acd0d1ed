/** A signal as the historian lists it. */
export interface KnownSignal {
  readonly path: string;
  readonly unit: string;
}

/** An item of the editor's tree; what it stands for in the field is `line`, a path or a pattern. */
export interface SignalItem {
  label: string;
  sublabel: string;
  icon: string;
  checkbox: true;
  selected: boolean;
  expanded: boolean;
  deferBuild: boolean;
  line: string;
  children?: SignalItem[];
}

/** Found signals that are shown at once. */
export const MOST_FOUND = 200;

/** The signals as a tree of their levels; a branch stands for all below it. */
export function treeOf(signals: readonly KnownSignal[], chosen: ReadonlySet<string>, prefix = ""): SignalItem[] {
  const below = Map.groupBy(signals, ({ path }) => path.slice(prefix.length).split("/", 1)[0]!);
  return [...below].flatMap(([level, own]) => {
    const path = `${prefix}${level}`;
    const leaf = own.find((signal) => signal.path === path);
    const deeper = own.filter((signal) => signal !== leaf);
    const items: SignalItem[] = leaf === undefined ? [] : [itemOf(leaf, level, chosen)];
    if (deeper.length === 0) return items;
    const children = treeOf(deeper, chosen, `${path}/`);
    const line = `${path}/**`;
    return [
      ...items,
      {
        label: level,
        sublabel: `${deeper.length} signal${deeper.length === 1 ? "" : "s"}`,
        icon: "fa fa-folder-o",
        checkbox: true,
        selected: chosen.has(line),
        // A path of single levels opens by itself, down to where there is a choice.
        expanded: below.size === 1,
        deferBuild: below.size > 1,
        line,
        children,
      },
    ];
  });
}

/** The signals whose path holds all of the words, as a flat list. */
export function found(
  signals: readonly KnownSignal[],
  chosen: ReadonlySet<string>,
  text: string,
): { readonly count: number; readonly items: SignalItem[] } {
  const words = text.toLowerCase().split(/\s+/);
  const fitting = signals.filter(({ path }) => words.every((word) => path.toLowerCase().includes(word)));
  return {
    count: fitting.length,
    items: fitting.slice(0, MOST_FOUND).map((signal) => itemOf(signal, signal.path, chosen)),
  };
}

function itemOf({ path, unit }: KnownSignal, label: string, chosen: ReadonlySet<string>): SignalItem {
  return {
    label,
    sublabel: unit,
    icon: "fa fa-tag",
    checkbox: true,
    selected: chosen.has(path),
    expanded: false,
    deferBuild: false,
    line: path,
  };
}
