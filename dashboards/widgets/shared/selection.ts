/**
 * What a user has chosen, shared by the widgets of a browser tab and kept over a reload:
 * the machine that is looked at, and the signals that are drawn.
 */
export interface Selection {
  readonly machine: string;
  /** Signal paths. */
  readonly signals: readonly string[];
}

const KEY = "fplus-selection";
const EVENT = "fplus-selection";

export function readSelection(): Selection {
  try {
    const saved = JSON.parse(sessionStorage.getItem(KEY) ?? "{}") as Partial<Selection>;
    return { machine: saved.machine ?? "", signals: saved.signals ?? [] };
  } catch {
    return { machine: "", signals: [] };
  }
}

export function select(change: Partial<Selection>): void {
  sessionStorage.setItem(KEY, JSON.stringify({ ...readSelection(), ...change }));
  window.dispatchEvent(new Event(EVENT));
}

/** Hears changes, of this widget and of others; the returned function stops that. */
export function onSelection(listen: (selection: Selection) => void): () => void {
  const heard = (): void => listen(readSelection());
  window.addEventListener(EVENT, heard);
  return () => window.removeEventListener(EVENT, heard);
}
