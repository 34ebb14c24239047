import { expect, test } from 'vitest';
import type { Ring } from '../../src/keyring/ring.ts';
import { eventually } from '../support/eventually.ts';
import { type ReplicaPlace, type ReplicasGround, prepareReplicas } from '../support/replicas.ts';
import { described, startLoad } from '../support/rotation-load.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';

/** A new active key is known to every replica within a second, on a machine that does other things too. */
const KNOWN_MILLISECONDS = 2000;

/** Credentials that were signed with a key before it was active, or too long after. */
function signedOutOfTurn(ring: Ring, places: readonly ReplicaPlace[]): unknown[] {
  const keys = new Map(ring.keys.map((key) => [key.publicKey, key]));
  return places
    .flatMap((place) => place.issued())
    .filter(({ time, signingKey }) => {
      const { activeAt = Number.POSITIVE_INFINITY, drainingAt = Number.POSITIVE_INFINITY } =
        keys.get(signingKey) ?? {};
      return time < activeAt || time > drainingAt + KNOWN_MILLISECONDS;
    });
}

/** Sends each request to the next of those that are there, as a load balancer does. */
function balance(replicas: Iterable<Pick<ServiceProcess, 'exchange'>>) {
  const there = new Set(replicas);
  const busy = new Map<unknown, number>();
  let turn = 0;
  return {
    exchange: async (...request: Parameters<ServiceProcess['exchange']>): Promise<Response> => {
      const replica = [...there][turn++ % there.size]!;
      busy.set(replica, (busy.get(replica) ?? 0) + 1);
      try {
        const response = await replica.exchange(...request);
        return new Response(await response.text(), response);
      } finally {
        busy.set(replica, busy.get(replica)! - 1);
      }
    },
    /** Resolves once it gets no more requests and has answered all. */
    async without(replica: Pick<ServiceProcess, 'exchange'>): Promise<void> {
      there.delete(replica);
      await eventually(() => !busy.get(replica));
    },
  };
}

type Replica = ServiceProcess & { readonly place: ReplicaPlace };

async function startReplica(ground: ReplicasGround, name: string): Promise<Replica> {
  const place = await ground.place(name);
  return { ...(await startServiceProcess(place)), place };
}

test('whether the replica that rotates is killed or stopped, another goes on, and no exchange fails', async () => {
  await using ground = await prepareReplicas();
  await using stack = new AsyncDisposableStack();
  const replicas = await Promise.all(
    ['one', 'two', 'three'].map(async (name) => stack.use(await startReplica(ground, name))),
  );
  const leader = () =>
    eventually(async () => {
      const holder = await ground.leader();
      return replicas.find(({ pid }) => holder?.includes(`-${pid}-`));
    });
  await eventually(async () => {
    const answers = await Promise.all(replicas.map(({ url }) => fetch(`${url}/readyz`)));
    return answers.every(({ ok }) => ok);
  });
  const balanced = balance(replicas);
  const load = startLoad({ ...ground, exchange: balanced.exchange }, { holdSeconds: 4 });

  const led: Replica[] = [];
  for (const signal of ['SIGKILL', 'SIGTERM', undefined] as const) {
    const leading = await leader();
    expect(led).not.toContain(leading);
    led.push(leading);
    const before = leading.place.turned('active').length;
    await eventually(() => leading.place.turned('active').length >= before + 2);
    if (signal === undefined) continue;
    await balanced.without(leading);
    leading.signal(signal);
    await leading.exited;
    await eventually(async () => (await leader()) !== leading);
  }

  const report = await load.stop();
  const counts = described(report);
  expect({ counts, faults: report.faults }).toEqual({ counts, faults: [] });
  const places = replicas.map(({ place }) => place);
  expect(places.every((place) => place.issued().length > 10)).toBe(true);
  expect(signedOutOfTurn(await ground.ring(), places)).toEqual([]);
}, 60_000);
