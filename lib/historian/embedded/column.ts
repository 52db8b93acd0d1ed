import { NULL_BIT } from "../points.ts";

/** Capacity of a series that seldom changes. */
const FEW_SAMPLES = 64;
/** Capacity of a head until it is closed, just above 512 samples. */
const HEAD_SAMPLES = 576;

/**
 * The samples of one series in order of time, as growing lanes. Lanes that are seldom needed (nanoseconds, status, text,
 * differing types) are made at the first sample that needs them.
 */
export class Column {
  length = 0;
  ms: Float64Array;
  /** Two 32-bit words a sample. */
  bits: Uint32Array;
  ns: Uint32Array | undefined;
  status: Uint32Array | undefined;
  /** ValueType with NULL_BIT of every sample, where they differ; else `uniform` holds for all. */
  type: Uint8Array | undefined;
  uniform = 0;
  text: (string | undefined)[] | undefined;

  constructor(capacity = 16) {
    this.ms = new Float64Array(capacity);
    this.bits = new Uint32Array(capacity * 2);
  }

  typeAt(i: number): number {
    return this.type === undefined ? this.uniform : this.type[i]!;
  }

  /** Index of the first sample not before that time. */
  lowerBound(ms: number, ns: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#before(middle, ms, ns)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #before(i: number, ms: number, ns: number): boolean {
    const time = this.ms[i]!;
    return time < ms || (time === ms && (this.ns?.[i] ?? 0) < ns);
  }

  /** Puts a sample in its place; one of the same time is replaced. Returns true when the column grew. */
  put(
    ms: number,
    ns: number,
    status: number,
    type: number,
    low: number,
    high: number,
    text: string | undefined,
  ): boolean {
    const last = this.length - 1;
    let i = this.length;
    if (last >= 0 && !this.#before(last, ms, ns)) i = this.lowerBound(ms, ns);
    const grows = i === this.length || this.ms[i] !== ms || (this.ns?.[i] ?? 0) !== ns;
    if (grows) this.#open(i);
    this.ms[i] = ms;
    this.bits[i * 2] = low;
    this.bits[i * 2 + 1] = high;
    if (ns !== 0 && this.ns === undefined) this.ns = new Uint32Array(this.ms.length);
    if (this.ns !== undefined) this.ns[i] = ns;
    if (status !== 0 && this.status === undefined) this.status = new Uint32Array(this.ms.length);
    if (this.status !== undefined) this.status[i] = status;
    this.#setType(i, type);
    if (text !== undefined) this.text ??= [];
    if (this.text !== undefined) this.text[i] = (type & NULL_BIT) === 0 ? text : undefined;
    return grows;
  }

  #setType(i: number, type: number): void {
    if (this.type === undefined) {
      if (this.length === 1) this.uniform = type;
      if (this.uniform === type) return;
      this.type = new Uint8Array(this.ms.length).fill(this.uniform);
    }
    this.type[i] = type;
  }

  /** Makes room for one sample at index i. */
  #open(i: number): void {
    if (this.length === this.ms.length) this.#grow();
    const end = this.length++;
    if (i === end) return;
    this.ms.copyWithin(i + 1, i, end);
    this.bits.copyWithin(i * 2 + 2, i * 2, end * 2);
    this.ns?.copyWithin(i + 1, i, end);
    this.status?.copyWithin(i + 1, i, end);
    this.type?.copyWithin(i + 1, i, end);
    if (this.text !== undefined) {
      this.text.length = end;
      this.text.splice(i, 0, undefined);
    }
  }

  #grow(): void {
    // From a few samples to a whole head in one step: lanes that double leave holes of every size in the process's memory.
    const size =
      this.ms.length < HEAD_SAMPLES ? (this.ms.length < FEW_SAMPLES ? FEW_SAMPLES : HEAD_SAMPLES) : this.ms.length * 2;
    const copy = <L extends Float64Array | Uint32Array | Uint8Array>(to: L, from: L): L => {
      to.set(from);
      return to;
    };
    this.ms = copy(new Float64Array(size), this.ms);
    this.bits = copy(new Uint32Array(size * 2), this.bits);
    if (this.ns !== undefined) this.ns = copy(new Uint32Array(size), this.ns);
    if (this.status !== undefined) this.status = copy(new Uint32Array(size), this.status);
    if (this.type !== undefined) this.type = copy(new Uint8Array(size), this.type);
  }

  /** Puts sample i of another column in its place here. */
  putFrom(other: Column, i: number): boolean {
    return this.put(
      other.ms[i]!,
      other.ns?.[i] ?? 0,
      other.status?.[i] ?? 0,
      other.typeAt(i),
      other.bits[i * 2]!,
      other.bits[i * 2 + 1]!,
      other.text?.[i],
    );
  }

  /** Takes the first samples away; the lanes stay as large as they are. */
  dropFirst(count: number): void {
    const { length } = this;
    this.length = length - count;
    this.ms.copyWithin(0, count, length);
    this.bits.copyWithin(0, count * 2, length * 2);
    this.ns?.copyWithin(0, count, length);
    this.status?.copyWithin(0, count, length);
    this.type?.copyWithin(0, count, length);
    this.text?.splice(0, count);
  }

  /** Samples from … to-1 in the same memory, to be read before the column changes. */
  view(from: number, to: number): Column {
    const part = new Column(0);
    part.length = to - from;
    part.ms = this.ms.subarray(from, to);
    part.bits = this.bits.subarray(from * 2, to * 2);
    part.ns = this.ns?.subarray(from, to);
    part.status = this.status?.subarray(from, to);
    part.type = this.type?.subarray(from, to);
    part.uniform = this.uniform;
    part.text = this.text?.slice(from, to);
    return part;
  }

  /** Samples from … to-1 as a column of their own. */
  slice(from: number, to: number): Column {
    if (to <= from) return new Column(1);
    const part = this.view(from, to);
    part.ms = part.ms.slice();
    part.bits = part.bits.slice();
    part.ns = part.ns?.slice();
    part.status = part.status?.slice();
    part.type = part.type?.slice();
    return part;
  }
}
