import {
  type Answer,
  ASK_EVENT,
  type DeviceState,
  type DirectoryDevice,
  type DirectorySignal,
  type Points,
  type Question,
  tellEvent,
  unpackHistory,
} from "../../../lib/live/protocol.ts";
import { reactive, shallowReactive, shallowRef } from "vue";
import type { PartHealth } from "../../../lib/health/index.ts";

/** The dashboard's socket, as a widget gets it injected. */
export interface DashboardSocket {
  on(event: string, listener: (answer: Answer) => void): void;
  off(event: string, listener: (answer: Answer) => void): void;
  emit(event: string, widget: string, question: Question): void;
  readonly connected: boolean;
}

/** The newest value of a signal. */
export interface LiveValue {
  readonly time: number;
  readonly value: number | string | boolean | null;
  readonly status: number;
}

export interface HistoryAnswer {
  readonly lines: ReadonlyMap<number, Points>;
  readonly error: string | undefined;
}

const HISTORY_TIMEOUT_MS = 20_000;

/** The browser's end of a widget's live feed: directory, values, device states, history, health. */
export class LiveClient {
  readonly #socket: DashboardSocket;
  readonly #widget: string;
  readonly #waiting = new Map<number, (answer: HistoryAnswer) => void>();
  readonly #listeners = new Set<(ids: readonly number[]) => void>();
  #request = 0;
  #watched: readonly number[] = [];
  #wantsHealth = false;
  readonly #onAnswer = (answer: Answer): void => this.#answer(answer);
  readonly #onConnect = (): void => this.#askAgain();
  readonly devices = shallowRef<readonly DirectoryDevice[]>([]);
  readonly signals = shallowRef<readonly DirectorySignal[]>([]);
  readonly values = shallowReactive(new Map<number, LiveValue>());
  readonly states = reactive<Record<string, DeviceState>>({});
  /** Why a device is not online, by its key; empty where it is. */
  readonly reasons = reactive<Record<string, string>>({});
  readonly health = shallowRef<{ at: number; parts: readonly PartHealth[] }>({ at: 0, parts: [] });
  /** False until the first directory has come. */
  readonly loaded = shallowRef(false);

  constructor(socket: DashboardSocket, widget: string) {
    this.#socket = socket;
    this.#widget = widget;
    socket.on(tellEvent(widget), this.#onAnswer);
    socket.on("connect", this.#onConnect);
    this.#ask({ kind: "directory" });
  }

  /** From now on these signals are kept up to date. */
  watch(ids: readonly number[]): void {
    this.#watched = ids;
    this.#ask({ kind: "watch", ids });
  }

  watchHealth(): void {
    this.#wantsHealth = true;
    this.#ask({ kind: "health" });
  }

  /** Hears which signals have new values. */
  onValues(listen: (ids: readonly number[]) => void): void {
    this.#listeners.add(listen);
  }

  history(ids: readonly number[], from: number, to: number, points: number): Promise<HistoryAnswer> {
    const request = ++this.#request;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(request);
        resolve({ lines: new Map(), error: "The historian did not answer." });
      }, HISTORY_TIMEOUT_MS);
      this.#waiting.set(request, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.#ask({ kind: "history", request, ids, from, to, points });
    });
  }

  close(): void {
    this.#socket.off(tellEvent(this.#widget), this.#onAnswer);
    this.#socket.off("connect", this.#onConnect);
    this.#listeners.clear();
  }

  #ask(question: Question): void {
    this.#socket.emit(ASK_EVENT, this.#widget, question);
  }

  /** After a break the server knows nothing of us. */
  #askAgain(): void {
    this.#ask({ kind: "directory" });
    if (this.#watched.length > 0) this.#ask({ kind: "watch", ids: this.#watched });
    if (this.#wantsHealth) this.#ask({ kind: "health" });
  }

  #answer(answer: Answer): void {
    switch (answer.kind) {
      case "directory":
        this.devices.value = answer.devices;
        this.signals.value = answer.signals;
        this.loaded.value = true;
        break;
      case "changed":
        this.#ask({ kind: "directory" });
        break;
      case "devices":
        Object.assign(this.states, answer.states);
        Object.assign(this.reasons, answer.reasons);
        break;
      case "values":
        answer.ids.forEach((id, i) => {
          this.values.set(id, { time: answer.times[i]!, value: answer.values[i]!, status: answer.status[i]! });
        });
        for (const listen of this.#listeners) listen(answer.ids);
        break;
      case "history": {
        const lines = unpackHistory(answer.lines, answer.lanes);
        this.#waiting.get(answer.request)?.({ lines, error: answer.error });
        this.#waiting.delete(answer.request);
        break;
      }
      case "health":
        this.health.value = answer;
        break;
    }
  }
}
