import path from "node:path";
import { type HistorianStore, openHistorian } from "../../../lib/historian/index.ts";
import { SampleBatch, type SignalRegistry, ValueType } from "../../../lib/sample/index.ts";
import { startInfluxd } from "../../support/influxd.ts";
import { influxd2Program, startInfluxd2 } from "../../support/influxd2.ts";

const ROUNDS = 7;
const BATCHES = 5;
const LINES = 20_000;
const T0 = 1_700_000_000_000;

interface Server {
  readonly name: string;
  readonly store: HistorianStore;
  readonly rates: number[];
  readonly stop: () => Promise<void>;
}

/**
 * Samples a second that each InfluxDB here has acknowledged: the same batches of 20,000 lines, one after the other, over the historian's
 * own way. The servers take turns, so that a slow moment of the machine hits all; the median of the rounds counts.
 */
export async function servers(
  programs: Readonly<Record<string, string | undefined>>,
  folder: string,
  registry: SignalRegistry,
  ids: readonly number[],
): Promise<Record<string, string | number>[]> {
  const running: Server[] = [];
  try {
    for (const [name, program] of Object.entries(programs)) {
      if (program === undefined || program === "") console.error(`influxd ${name} is not installed: it takes no lines`);
      else running.push(await started(name, program, path.join(folder, name), registry));
    }
    for (let round = 0; round < ROUNDS; round++) {
      const batches = Array.from({ length: BATCHES }, (_, i) => batchFrom(ids, (round * BATCHES + i) * LINES));
      for (const { store, rates } of running) rates.push(await rateOf(store, batches));
    }
    return running.map(({ name, rates }) => ({
      "InfluxDB takes lines": name,
      "samples/s": Math.round(rates.toSorted((a, b) => a - b)[(ROUNDS - 1) / 2]!),
      "least, most": `${Math.round(Math.min(...rates))}, ${Math.round(Math.max(...rates))}`,
    }));
  } finally {
    for (const { stop } of running) await stop();
  }
}

async function started(name: string, program: string, folder: string, registry: SignalRegistry): Promise<Server> {
  const is2 = program === influxd2Program;
  const server = is2 ? await startInfluxd2(folder) : await startInfluxd(program, folder);
  const token = is2 && "token" in server ? String(server.token) : "";
  const store = openHistorian({
    engine: "influx",
    url: server.url,
    token,
    bucket: "plant",
    registry,
    timeoutMs: 60_000,
  });
  const stop = async (): Promise<void> => {
    await store.close();
    await server.stop();
  };
  return { name, store, rates: [], stop };
}

function batchFrom(ids: readonly number[], first: number): SampleBatch {
  const batch = new SampleBatch(LINES);
  for (let k = first; k < first + LINES; k++) {
    const i = batch.add(ids[k % ids.length]!, ValueType.Double, T0 + Math.floor(k / ids.length) * 1000, 0, 0);
    batch.f64[i] = Math.round((50 + 10 * Math.sin(k / 300) + Math.random()) * 100) / 100;
  }
  return batch;
}

async function rateOf(store: HistorianStore, batches: readonly SampleBatch[]): Promise<number> {
  const start = performance.now();
  for (const batch of batches) {
    const { rejected } = await store.write(batch);
    if (rejected.length > 0) throw new Error(`${rejected.length} samples refused: ${rejected[0]!.reason}`);
  }
  return (BATCHES * LINES * 1000) / (performance.now() - start);
}
