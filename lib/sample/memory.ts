import v8 from "node:v8";
import vm from "node:vm";

/** Small batches share memory, as small Buffers do: to make one is then a matter of views. */
const SLAB_BYTES = 64 * 1024;
/** Half of what V8 gives new objects before it looks which of them still live. */
const COLLECT_AFTER_BYTES = 8 * 1024 * 1024;

let slab = new ArrayBuffer(SLAB_BYTES);
let slabUsed = 0;
let sinceCollected = 0;
let collect: (() => void) | undefined;

/** Zeroed memory for the lanes of a batch, aligned to eight bytes, and where in its buffer it begins. */
export function room(bytes: number): { buffer: ArrayBuffer; at: number } {
  const needed = (bytes + 7) & ~7;
  if (needed > SLAB_BYTES / 4) return { buffer: made(needed), at: 0 };
  if (slabUsed + needed > SLAB_BYTES) {
    slab = made(SLAB_BYTES);
    slabUsed = 0;
  }
  const at = slabUsed;
  slabUsed += needed;
  return { buffer: slab, at };
}

/**
 * V8 counts the memory of buffers towards its full collections only, which look at the whole heap; batches mostly die within
 * milliseconds, and a minor collection, which looks at new objects only, frees them. A fast source would otherwise have one full
 * collection after the other: a third of what its values cost. So a minor one runs in step with what batches take.
 */
function made(bytes: number): ArrayBuffer {
  sinceCollected += bytes;
  if (sinceCollected >= COLLECT_AFTER_BYTES) {
    sinceCollected = 0;
    collect ??= minorCollection();
    collect();
  }
  return new ArrayBuffer(bytes);
}

/** V8's minor collection; nothing where V8 does not give it, for then its own collections do. */
function minorCollection(): () => void {
  const gc = globalThis.gc ?? exposedGc();
  return gc === undefined ? () => undefined : () => gc({ type: "minor", execution: "sync" });
}

/** The flag is set for this one context only: what runs in later ones, such as function nodes, sees no `gc`. */
function exposedGc(): typeof globalThis.gc {
  v8.setFlagsFromString("--expose-gc");
  try {
    return vm.runInNewContext("gc") as typeof globalThis.gc;
  } catch {
    return undefined;
  } finally {
    v8.setFlagsFromString("--no-expose-gc");
  }
}
