const ROUNDS = 9;
const MILLISECONDS = 100;

/** Prints what one call of each takes, and how many times the first the second takes. */
export function compare(what: string, contestants: Record<string, () => unknown>): void {
  const timed = Object.entries(contestants).map(
    ([name, call]) => [name, microseconds(call)] as const,
  );
  print(what, timed);
}

/** The same for what answers with a promise, one after the other. */
export async function compareAsync(
  what: string,
  contestants: Record<string, () => unknown>,
): Promise<void> {
  const timed: (readonly [string, number])[] = [];
  for (const [name, call] of Object.entries(contestants)) {
    timed.push([name, await microsecondsAsync(call)]);
  }
  print(what, timed);
}

function print(what: string, timed: readonly (readonly [string, number])[]): void {
  const [first, second] = timed.map(([, time]) => time);
  const times = timed.map(([name, time]) => `${name} ${time.toFixed(0)} µs`).join(', ');
  console.log(`${what.padEnd(12)} ${times}: ${((second ?? 0) / (first ?? 1)).toFixed(1)}×`);
}

/** The median of some rounds, the first of them only to warm up. */
function microseconds(call: () => unknown): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    let calls = 0;
    for (; performance.now() - start < MILLISECONDS; calls++) call();
    return ((performance.now() - start) * 1000) / calls;
  });
  return median(rounds.slice(1));
}

async function microsecondsAsync(call: () => unknown): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    let calls = 0;
    for (; performance.now() - start < MILLISECONDS; calls++) await call();
    rounds.push(((performance.now() - start) * 1000) / calls);
  }
  return median(rounds.slice(1));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
