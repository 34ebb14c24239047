/**
 * What an exchange costs, beside the least it could cost and beside the libraries as they come, in
 * one run on one machine. Ratios travel between machines, absolute figures do not.
 */
import { median, round } from './numbers.ts';
import {
  freePort,
  type Load,
  load,
  type Measured,
  script,
  start,
  WARM_UP_SECONDS,
} from './running.ts';
import { createWorld } from './world.ts';

const ROUNDS = 3;
const SECONDS = 4;

/** Prints the figures of docs/performance.md. */
export async function benchExchange(): Promise<void> {
  const port = await freePort();
  using world = createWorld(port);
  const serve = [script('../dist/main.js'), 'serve', '--config', world.config];
  const { tokensFile } = world;
  const floor = [
    script('floor.ts'),
    ...Object.entries({
      port: String(port),
      key: world.issuerKeyFile,
      seed: world.accountSeed,
      account: world.accountPublicKey,
    }).flatMap(([name, value]) => [`--${name}`, value]),
  ];
  const loaded = (options: Partial<Load> = {}) =>
    load({ port, tokensFile, seconds: SECONDS, ...options });
  const warmUp = () => loaded({ seconds: WARM_UP_SECONDS });

  const service: number[] = [];
  const floors: number[] = [];
  const starts: number[] = [];
  let peak: number | undefined;

  for (let n = 1; n <= ROUNDS; n++) {
    {
      await using running = await start(serve, port, '/readyz');
      starts.push(running.startMilliseconds);
      await warmUp();
      service.push((await loaded()).perSecond);
      peak = Math.max(peak ?? 0, running.peakMebibytes() ?? 0) || undefined;
    }
    {
      await using _running = await start(floor, port, '/');
      await warmUp();
      floors.push((await loaded()).perSecond);
    }
    console.log(`round ${n}: nats-sts ${round(service.at(-1))}/s, floor ${round(floors.at(-1))}/s`);
  }

  let half: Measured;
  {
    await using _running = await start(serve, port, '/readyz');
    await warmUp();
    half = await loaded({ rate: Math.round(median(service) / 2) });
  }
  let library: number;
  {
    await using _running = await start([...floor, '--library'], port, '/');
    library = (await loaded({ connections: 4 })).perSecond;
  }

  const ratios = service.map((perSecond, n) => perSecond / (floors[n] ?? Number.NaN));
  console.log(`
exchanges per second           ${round(median(service))}   (policy, limits, rate limits and audit on)
  bare node:http floor         ${round(median(floors))}   verify RS256, key pair, sign, answer; nothing else
  @nats-io/jwt and nkeys       ${round(library)}
ratio to the floor             ${round(median(ratios), 2)}×   (rounds: ${ratios.map((r) => round(r, 2)).join(', ')})
ratio to the libraries         ${round(median(service) / library)}×
latency at half the peak       p50 ${round(half.p50, 2)} ms, p99 ${round(half.p99, 2)} ms   (${round(half.perSecond)}/s)
peak memory                    ${round(peak)} MiB
start to ready                 ${round(median(starts))} ms
`);
}
