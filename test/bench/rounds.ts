/** Two ways to do the same, measured in turns: slow moments of the machine hit both, so the ratio holds. */
export interface Duel {
  /** Nanoseconds a call, the best round. */
  readonly ours: number;
  readonly peer: number;
  /** Median of the ratios of all rounds: how many times as fast ours is. */
  readonly ratio: number;
}

const ROUNDS = 60;
const ROUND_MS = 8;

/** Runs both for 8 ms in turn, 60 times, first one and then the other going first. */
export function duel(ours: () => void, peer: () => void): Duel {
  const own: number[] = [];
  const other: number[] = [];
  for (let warm = 0; warm < 5; warm++) {
    nanoseconds(ours);
    nanoseconds(peer);
  }
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2 === 0) own.push(nanoseconds(ours));
    other.push(nanoseconds(peer));
    if (round % 2 === 1) own.push(nanoseconds(ours));
  }
  const ratios = own.map((time, i) => other[i]! / time).sort((a, b) => a - b);
  return { ours: Math.min(...own), peer: Math.min(...other), ratio: ratios[ROUNDS / 2]! };
}

function nanoseconds(run: () => void): number {
  const from = performance.now();
  let calls = 0;
  let now = from;
  while (now - from < ROUND_MS) {
    for (let i = 0; i < 8; i++) run();
    calls += 8;
    now = performance.now();
  }
  return ((now - from) / calls) * 1e6;
}
