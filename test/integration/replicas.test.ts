import { expect, test } from 'vitest';
import type { Ring } from '../../src/keyring/ring.ts';
import { openStoreForReading } from '../../src/store/sqlite/database.ts';
import { createJetStreamWorld } from '../store/jetstream/world.ts';
import { adminRequest } from '../http/admin/admin-client.ts';
import { eventually } from '../support/eventually.ts';
import { startNatsServer } from '../support/nats-server.ts';
import { createOperatorWorld } from '../support/operator-world.ts';
import {
  BUCKET,
  prepareReplicas,
  type ReplicaPlace,
  type ReplicasGround,
} from '../support/replicas.ts';
import { described, startLoad } from '../support/rotation-load.ts';
import { type RunningService, startRotating } from '../support/rotation-world.ts';
import {
  failedStart,
  type ServiceProcess,
  startServiceProcess,
} from '../support/service-process.ts';
import { type ConfigTree, prepareService } from '../support/service-world.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

/** So much longer than the grace may a key that was replaced be trusted, and thus sign. */
const SKEW_MILLISECONDS = 5000;

/** Credentials that were signed with a key before it was active, or too long after for all servers to trust it to their end. */
function signedOutOfTurn(
  ring: Ring,
  places: readonly ReplicaPlace[],
  graceMilliseconds = 10_000,
): unknown[] {
  const keys = new Map(ring.keys.map((key) => [key.publicKey, key]));
  return places
    .flatMap((place) => place.issued())
    .filter(({ time, signingKey }) => {
      const { activeAt = Number.POSITIVE_INFINITY, drainingAt = Number.POSITIVE_INFINITY } =
        keys.get(signingKey) ?? {};
      return time < activeAt || time > drainingAt + graceMilliseconds + SKEW_MILLISECONDS;
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

test('if the replica that rotates is killed or stopped, another continues, and no exchange fails', async () => {
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

  const turned = () => replicas.reduce((sum, { place }) => sum + place.turned('active').length, 0);
  // Each has its share before any is ended.
  await eventually(() => replicas.every(({ place }) => place.issued().length > 10));
  for (const signal of ['SIGKILL', 'SIGTERM', undefined] as const) {
    const before = turned();
    await eventually(() => turned() >= before + 2);
    if (signal === undefined) continue;
    const leading = await leader();
    await balanced.without(leading);
    leading.signal(signal);
    await leading.exited;
    await eventually(async () => (await leader()) !== leading);
  }

  const report = await load.stop();
  const counts = described(report);
  expect({ counts, faults: report.faults }).toEqual({ counts, faults: [] });
  const places = replicas.map(({ place }) => place);
  expect(signedOutOfTurn(await ground.ring(), places)).toEqual([]);
});

/** A replica in this process. */
async function joined(
  ground: ReplicasGround,
  name: string,
  change?: (tree: ConfigTree) => void,
): Promise<RunningService & { readonly place: ReplicaPlace }> {
  const place = await ground.place(name, change);
  return { ...(await startRotating(place)), place };
}

async function ready(...replicas: readonly Pick<RunningService, 'url'>[]): Promise<void> {
  for (const { url } of replicas) {
    await eventually(async () => (await fetch(`${url}/readyz`)).ok);
  }
}

async function revoke(ground: ReplicasGround, { url }: { url: string }, subject: string) {
  const token = await ground.token({ sub: 'admin' });
  const response = await fetch(`${url}/admin/revocations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ issuer: 'dev', subject, reason: 'left the company' }),
  });
  expect(response.status).toBe(201);
}

async function rotate(ground: ReplicasGround, { url }: { url: string }) {
  // A store that has just come back may not take anything yet.
  await eventually(async () => {
    const token = await ground.token({ sub: 'admin' });
    const answer = await adminRequest(url, 'POST /admin/keys/rotate', { token, body: {} });
    await answer.text();
    return answer.status === 202;
  });
}

/** Resolves once this replica refuses the token because of a revocation. */
async function refused({ exchange }: Pick<RunningService, 'exchange'>, token: string) {
  await eventually(async () => {
    const response = await exchange(token);
    const { reason } = (await response.json()) as { reason?: string };
    return response.status === 401 && reason === 'token_revoked';
  });
}

/** Two identities that may take the role. */
function twoSubjects(tree: ConfigTree): void {
  tree['bindings'][0].match.sub = ['orders', 'leaver'];
}

test('a revocation at one replica is refused by all and disconnected on all servers, whichever issued the credential', async () => {
  await using ground = await prepareReplicas({ configure: twoSubjects });
  await using stack = new AsyncDisposableStack();
  const replicas = await Promise.all(
    ['one', 'two', 'three'].map(async (name) => stack.use(await joined(ground, name))),
  );
  await ready(...replicas);
  const token = await ground.token({ sub: 'leaver' });
  const connections = await Promise.all(
    replicas.map(async (replica, index) => {
      const { creds } = await replica.credential(token);
      return ground.connect(creds, { node: ground.cluster.node(index) });
    }),
  );
  const stranger = await replicas[0]!.credential(await ground.token());
  const untouched = await ground.connect(stranger.creds);

  await revoke(ground, replicas[1]!, 'leaver');
  await Promise.all([
    ...replicas.map((replica) => refused(replica, token)),
    ...connections.map((connection) => connection.closed()),
  ]);
  expect(untouched.isClosed()).toBe(false);
  expect(
    await Promise.all(
      replicas.map(async ({ exchange }) => (await exchange(await ground.token())).status),
    ),
  ).toEqual([200, 200, 200]);
});

test('a single-use token is accepted by only one of all replicas', async () => {
  await using world = await createJetStreamWorld();
  await using ground = await prepareReplicas({
    storeUrl: world.server.url,
    size: 1,
    configure: (tree) => {
      tree['issuers'].dev.singleUse = true;
    },
  });
  await using stack = new AsyncDisposableStack();
  const replicas = await Promise.all(
    ['one', 'two', 'three'].map(async (name) => stack.use(await joined(ground, name))),
  );
  await ready(...replicas);
  for (let round = 0; round < 10; round += 1) {
    const token = await ground.token({ jti: `round-${round}` });
    const answers = await Promise.all(replicas.map(({ exchange }) => exchange(token)));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 401, 401]);
  }
});

test('a replica without the store issues while its key is surely valid, then refuses and says so, and recovers by itself', async () => {
  const grace = 10_000;
  await using world = await createJetStreamWorld();
  await using proxy = await startTcpProxy(world.server.port);
  await using ground = await prepareReplicas({
    storeUrl: world.server.url,
    grace: `${grace / 1000}s`,
    configure: (tree) => {
      twoSubjects(tree);
      // Keys rotate when the test says so.
      tree['accounts'].APP.rotation.every = '1h';
    },
  });
  // The first leads, so losing the store costs it the lease, too.
  await using far = await joined(ground, 'far', (tree) => {
    tree['store'].jetstream.servers = [`nats://127.0.0.1:${proxy.port}`];
  });
  await ready(far);
  await using one = await joined(ground, 'one');
  await using two = await joined(ground, 'two');
  await ready(one, two);
  const load = startLoad({ ...ground, exchange: far.exchange }, { lanes: 2, holdSeconds: 5 });
  await load.until(({ messages }) => messages > 10);
  const leaver = await ground.token({ sub: 'leaver' });
  const leave = async () => ground.connect((await far.credential(leaver, { ttl: 60 })).creds);
  const known = await leave();
  const cutAt = Date.now();
  proxy.cut('silence');
  /** A credential of the replica without the store; on a slow machine, its grace may have ended. */
  const leaveWhileGood = () =>
    leave().catch((error: unknown) => {
      if (Date.now() < cutAt + grace / 2) throw error;
      return undefined;
    });
  const unknown = await leaveWhileGood();
  await revoke(ground, one, 'leaver');
  await known.closed();
  const late = await leaveWhileGood();
  // The others go on.
  for (const rotations of [1, 2]) {
    await rotate(ground, one);
    await eventually(
      () => one.place.turned('active').length + two.place.turned('active').length >= rotations,
    );
  }

  const refusal = await eventually(async () => {
    // As short as others before: a longer one would first have to be noted in the store.
    const response = await far.exchange(await ground.token(), { ttl: 5 });
    return response.ok ? undefined : response;
  });
  expect(refusal.status).toBe(503);
  expect(refusal.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(await refusal.json()).toMatchObject({ reason: 'signing_key_unavailable' });
  const unready = await fetch(`${far.url}/readyz`);
  const message: unknown = expect.stringMatching(/the store has not been read for \d+ s$/);
  expect([unready.status, await unready.json()]).toMatchObject([
    503,
    { ready: false, parts: { 'account:APP': { ready: false, message } } },
  ]);
  const leavers = [unknown, late].flatMap((connection) => connection ?? []);
  expect(leavers.filter((connection) => connection.isClosed())).toEqual([]);
  const last = far.place.issued().at(-1)!;
  expect(last.time).toBeLessThan(cutAt + grace + SKEW_MILLISECONDS);

  proxy.heal();
  await ready(far);
  // Until the store knows how long credentials of the new key live, each one depends on the store, and
  // the connection to it that was silent may still be given up.
  const issued = await eventually(async () => {
    const response = await far.exchange(await ground.token(), { ttl: 60 });
    await response.text();
    return response.ok;
  });
  expect(issued).toBe(true);
  const backAt = Date.now();
  await Promise.all(leavers.map((connection) => connection.closed()));
  await refused(far, leaver);
  const { heldToTheEnd: heldBefore } = load.counts;
  await load.until(({ heldToTheEnd }) => heldToTheEnd > heldBefore + 3);
  const report = await load.stop();
  const faults = report.faults.filter(
    ({ kind, from, to }) => !(kind === 'exchange' && to >= last.time && from <= backAt),
  );
  expect({ counts: described(report), faults }).toEqual({ counts: described(report), faults: [] });
  const places = [far.place, one.place, two.place];
  expect(signedOutOfTurn(await ground.ring(), places, grace)).toEqual([]);

  // Now from all of them: the store itself is gone.
  await world.kill();
  const replicas = [far, one, two];
  await eventually(async () => {
    const answers = await Promise.all(
      replicas.map(async ({ exchange }) => exchange(await ground.token())),
    );
    return answers.every(({ status }) => status === 503);
  });
  await world.restart();
  await ready(...replicas);
  const turned = await ground.activeKey();
  await rotate(ground, one);
  await eventually(async () => (await ground.activeKey()) !== turned);
});

test('a store that cannot be used at startup is reported, exits with 5, and leaves no keys behind', async () => {
  await using ground = await prepareService({ nats: false });
  await using cluster = await createOperatorWorld({
    accounts: { STORE: { jetstream: true } },
  }).start();
  await using plain = await startNatsServer();
  const free = await startTcpProxy(plain.port);
  await free[Symbol.asyncDispose]();
  for (const [url, message] of [
    [`nats://127.0.0.1:${free.port}`, 'cannot connect to the store at'],
    [cluster.url, 'Authorization Violation'],
    [plain.url, 'jetstream is not enabled'],
  ] as const) {
    await ground.configure((tree) => {
      tree['store'].jetstream = { bucket: BUCKET, servers: [url] };
    });
    const failed = await failedStart(ground);
    expect({ ...failed, url }).toEqual({ code: 5, message: expect.stringContaining(message), url });
  }
  const store = openStoreForReading(ground.storeFile);
  expect(store.database.prepare('SELECT count(*) AS texts FROM state').get()).toEqual({ texts: 0 });
  store.close();
});

test('losing the server that leads the bucket refuses nobody', async () => {
  // Longer than the others take to choose a new leader.
  const grace = 60_000;
  await using ground = await prepareReplicas({ grace: `${grace / 1000}s` });
  await using one = await joined(ground, 'one');
  await using two = await joined(ground, 'two');
  await ready(one, two);
  const balanced = balance([one, two]);
  const load = startLoad({ ...ground, exchange: balanced.exchange }, { holdSeconds: 4 });
  const turned = async (more: number) => {
    const activated = () => one.place.turned('active').length + two.place.turned('active').length;
    const before = activated();
    await eventually(() => activated() >= before + more);
  };
  await turned(2);
  const node = await ground.storeNode();
  load.away(node);
  await node.stop('SIGKILL');
  await turned(2);
  const report = await load.stop();
  // Clients of the server that is gone are excused; no exchange is.
  const faults = [...report.faults, ...report.excused.filter(({ kind }) => kind === 'exchange')];
  expect({ counts: described(report), faults }).toEqual({ counts: described(report), faults: [] });
  expect(signedOutOfTurn(await ground.ring(), [one.place, two.place], grace)).toEqual([]);
});
