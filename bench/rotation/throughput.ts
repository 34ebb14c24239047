import { round } from '../numbers.ts';
import { load, type Running } from '../running.ts';
import type { Setting } from './setting.ts';

/** One contestant, at its best: what else the machine does only ever takes away. */
interface Peak {
  /** Exchanges. */
  readonly perSecond: number;
  /** Processor time of the service for one exchange; NaN where the system doesn't tell. */
  readonly cpuMicroseconds: number;
}

export interface Throughput {
  readonly managed: Peak;
  /** Managed, with revocations in force that every new credential is held against. */
  readonly revoking: Peak;
  /** The same policy with a signing key that was given. */
  readonly external: Peak;
}

const WARM_UP_SECONDS = 3;
const SECONDS = 3;

/** The store of the setting holds the revocations; the others begin with an empty one. */
export async function throughputs(setting: Setting, rounds: number): Promise<Throughput> {
  const contestants: Readonly<Record<keyof Throughput, () => Promise<Running>>> = {
    managed: () => managed(setting, './data/throughput.db'),
    revoking: () => managed(setting, './data/sts.db'),
    external: () => setting.startExternal(),
  };
  const found: Record<keyof Throughput, Peak> = { managed: NONE, revoking: NONE, external: NONE };
  for (let n = 1; n <= rounds; n++) {
    const said: string[] = [];
    for (const name of ['managed', 'revoking', 'external'] as const) {
      const { perSecond, cpuMicroseconds } = await peak(setting, await contestants[name]());
      found[name] = {
        perSecond: Math.max(found[name].perSecond, perSecond),
        cpuMicroseconds: Math.min(found[name].cpuMicroseconds, cpuMicroseconds),
      };
      said.push(`${name} ${round(perSecond)}/s (${round(cpuMicroseconds)} µs)`);
    }
    console.log(`round ${n}: ${said.join(', ')}`);
  }
  return found;
}

const NONE: Peak = { perSecond: 0, cpuMicroseconds: Number.POSITIVE_INFINITY };

function managed(setting: Setting, store: string): Promise<Running> {
  return setting.startManaged((tree) => {
    tree['accounts'].APP.rotation.every = '30d';
    tree['roles'].publisher.maxTtl = '15m';
    tree['store'].sqlite = store;
  });
}

async function peak({ port, tokensFile }: Setting, running: Running): Promise<Peak> {
  await using _running = running;
  await load({ port, tokensFile, seconds: WARM_UP_SECONDS });
  const before = running.cpuSeconds() ?? Number.NaN;
  const { perSecond, done } = await load({ port, tokensFile, seconds: SECONDS });
  const seconds = (running.cpuSeconds() ?? Number.NaN) - before;
  return { perSecond, cpuMicroseconds: (seconds / done) * 1e6 };
}
