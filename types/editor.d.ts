/** The part of Node-RED's editor that node dialogs use; DefinitelyTyped lags behind Node-RED 4.1 and 5. */

/** A node as its dialog sees it: the saved properties and a few methods. */
interface EditorInstance extends Record<string, unknown> {
  readonly id: string;
  readonly type: string;
  readonly z?: string;
  name: string;
  readonly credentials?: Record<string, unknown>;
  _(key: string, values?: Record<string, unknown>): string;
}

interface EditorProperty {
  value: unknown;
  required?: boolean;
  /** Type of the config node that the property points to. */
  type?: string;
  label?: string;
  /**
   * True, or the sentence that says what is wrong and the way out. The editor takes a sentence only from
   * a function that declares both parameters; from others it is taken for "valid".
   */
  validate?: (this: EditorInstance, value: string, options: unknown) => boolean | string;
}

interface EditorNode {
  category: string;
  categoryDescription?: string;
  paletteLabel?: string;
  color?: string;
  icon?: string;
  inputs?: number;
  outputs?: number;
  align?: "left" | "right";
  defaults: Record<string, EditorProperty>;
  credentials?: Record<string, { type: "text" | "password" }>;
  /** False for a configuration node that nobody has to point to. */
  hasUsers?: boolean;
  label?: string | ((this: EditorInstance) => string);
  labelStyle?: string | ((this: EditorInstance) => string);
  inputLabels?: string | string[] | ((this: EditorInstance, index: number) => string);
  outputLabels?: string | string[] | ((this: EditorInstance, index: number) => string);
  oneditprepare?: (this: EditorInstance) => void;
  oneditsave?: (this: EditorInstance) => void;
  oneditcancel?: (this: EditorInstance) => void;
  oneditresize?: (this: EditorInstance, size: { width: number; height: number }) => void;
  onpaletteadd?: (this: EditorInstance) => void;
}

/** The editor for code in a dialog. */
interface CodeEditor {
  getValue(): string;
  insert(text: string): void;
  destroy(): void;
}

interface JQuery {
  typedInput(options: Record<string, unknown>): JQuery;
  typedInput(method: string, ...args: unknown[]): unknown;
  editableList(options: Record<string, unknown>): JQuery;
  editableList(method: string, ...args: unknown[]): unknown;
  treeList(options: Record<string, unknown>): JQuery;
  treeList(method: string, ...args: unknown[]): unknown;
  searchBox(options: Record<string, unknown>): JQuery;
  /** Dashboard 2.0's control for the size of a widget. */
  elementSizer(options: Record<string, unknown>): JQuery;
  autoComplete(options: Record<string, unknown>): JQuery;
}

declare const RED: {
  readonly nodes: {
    registerType(type: string, definition: EditorNode): void;
    getType(type: string): EditorNode | undefined;
    node(id: string): EditorInstance | null;
    eachConfig(visit: (node: EditorInstance) => void): void;
  };
  readonly editor: {
    generateViewStateId?(...parts: unknown[]): string;
    validateNode(node: EditorInstance): boolean;
    /** Opens the JSONata editor. */
    editExpression(options: { value: string; complete: (text: string) => void }): void;
    createEditor(options: { id: string; mode: string; value: string }): CodeEditor;
  };
  readonly tabs: {
    create(options: Record<string, unknown>): {
      addTab(tab: { id: string; label: string }): void;
      activateTab(id: string): void;
      resize(): void;
    };
  };
  readonly popover: { tooltip(element: JQuery, text: string): unknown };
  readonly validators: {
    number(blankAllowed?: boolean): (value: string) => boolean | string;
    typedInput(field: string): (this: EditorInstance, value: string) => boolean | string;
  };
  readonly settings: Record<string, unknown> & { readonly apiRootUrl?: string };
  readonly tray: {
    show(options: {
      title: string;
      width?: number;
      buttons: readonly { id?: string; text: string; class?: string; click: () => void }[];
      open: (tray: JQuery) => void;
      close?: () => void;
    }): void;
    close(done?: () => void): void;
  };
  notify(text: string | JQuery, options?: Record<string, unknown> | string): { close(): void };
  _(key: string, values?: Record<string, unknown>): string;
};
