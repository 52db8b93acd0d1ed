import type { Lease, Resource } from "../../lib/plant/index.ts";

/** Does something with a store that is leased for that alone, as a dialog does. */
export async function borrowed<R extends Resource, T>(lease: Lease<R>, work: (value: R) => Promise<T>): Promise<T> {
  try {
    await lease.ready;
    return await work(lease.value);
  } finally {
    await lease.release();
  }
}
