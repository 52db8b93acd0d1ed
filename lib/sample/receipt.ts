/**
 * A promise to the source of a batch: whoever puts the batch where it survives a crash confirms it, and only then does the
 * source forget it. Confirming twice does nothing; a batch without a receipt comes from a source that cannot repeat itself.
 */
export class Receipt {
  #onConfirm: (() => void) | undefined;

  constructor(onConfirm: () => void) {
    this.#onConfirm = onConfirm;
  }

  /** Makes lodash hand it on by reference where Node-RED copies a message. */
  get [Symbol.toStringTag](): string {
    return "Receipt";
  }

  get confirmed(): boolean {
    return this.#onConfirm === undefined;
  }

  /** The batch is safe. */
  confirm(): void {
    const onConfirm = this.#onConfirm;
    this.#onConfirm = undefined;
    onConfirm?.();
  }
}
