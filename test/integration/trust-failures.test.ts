import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { InvalidInput } from '../../src/errors.ts';
import { ringKey } from '../../src/keyring/ring.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { eventually } from '../support/eventually.ts';
import {
  prepareRotation,
  type RotationGround,
  type RunningService,
  startRotating,
} from '../support/rotation-world.ts';
import { startServiceProcess } from '../support/service-process.ts';

/** What is wrong is said; nothing is overwritten. */

let ground: RotationGround;

beforeEach(async () => {
  await ground?.[Symbol.asyncDispose]();
  ground = await prepareRotation({
    size: 1,
    accounts: { APP: {}, LAB: {} },
    configure: (tree) => {
      tree['accounts'].APP.rotation.every = '1h';
    },
  });
  // The server loads the accounts when their first clients come.
  for (const account of ['APP', 'LAB']) await ground.connect(ground.trust.user({ account }).creds);
});

afterAll(() => ground?.[Symbol.asyncDispose]());

/** What the store has of APP, as text, and when its JWT was made. */
async function everything(account = 'APP') {
  const [entry] = await ground.state.list(ringKey('APP'));
  const [claims] = (await ground.applied(account)).values();
  return { ring: entry?.value, iat: claims?.iat, jti: claims?.['jti'] };
}

interface Part {
  readonly ready: boolean;
  readonly message?: string;
}

async function isReady({ url }: Pick<RunningService, 'url'>): Promise<boolean> {
  return (await fetch(`${url}/readyz`)).ok;
}

async function refusal({ exchange }: Pick<RunningService, 'exchange'>) {
  const response = await exchange(await ground.token());
  const { reason } = (await response.json()) as { reason: string };
  return { status: response.status, reason };
}

const NO_KEY = { status: 503, reason: 'signing_key_unavailable' };

/** Resolves once the log tells this trouble with APP's keys, and the service isn't ready because of it. */
async function troubled(running: RunningService, why: string): Promise<void> {
  await eventually(() =>
    running.log.lines.some(
      (line) => line.includes('cannot rotate signing keys') && line.includes(why),
    ),
  );
  expect(await isReady(running)).toBe(false);
  const parts = (await (await fetch(`${running.url}/readyz`)).json()) as {
    checks?: Record<string, Part>;
  };
  expect(JSON.stringify(parts)).toContain('no signing key can sign now for publisher');
}

async function startProblems(): Promise<string> {
  const error = await startRotating(ground).then(
    async (running) => {
      await running[Symbol.asyncDispose]();
      return undefined;
    },
    (error: unknown) => error,
  );
  if (!(error instanceof InvalidInput)) throw new Error(`it did not refuse: ${String(error)}`);
  return error.problems.map(({ path, message }) => `${path}: ${message}`).join('\n');
}

test('an operator signing key that the pinned operator does not know is refused at startup', async () => {
  const before = await everything();
  await writeFile(join(ground.folder, 'operator.nk'), createKeyPair('operator').seed());
  expect(await startProblems()).toMatch(/^nats\.operatorSigningKey: .*operator/);
  expect(await everything()).toEqual(before);
});

test('an operator signing key that the servers do not trust signs nothing, and is reported', async () => {
  const before = await everything();
  const { publicKey, seed } = createKeyPair('operator');
  await writeFile(join(ground.folder, 'operator.nk'), seed());
  await ground.configure((tree) => delete tree['nats'].operator);
  await using running = await startRotating(ground);
  await troubled(running, `the operator signing key ${publicKey} does not belong to operator`);
  expect(await refusal(running)).toEqual(NO_KEY);
  expect(await everything()).toEqual(before);
});

test('with another sealing key the service does not start, and the rings stay unchanged', async () => {
  {
    await using _running = await startRotating(ground);
    await ground.activated(1);
  }
  const before = await everything();
  await writeFile(join(ground.folder, 'sealing.key'), Buffer.alloc(32, 9).toString('base64'));
  expect(await startProblems()).toMatch(/^accounts\.APP: .*sealed with another sealing key/);
  expect(await everything()).toEqual(before);

  await writeFile(join(ground.folder, 'sealing.key'), Buffer.alloc(32, 7).toString('base64'));
  await using running = await startRotating(ground);
  await ground.connect((await running.credential(await ground.token())).creds);
});

test('credentials of a user outside the system account are refused at startup, or reported if nobody can know', async () => {
  const before = await everything();
  await writeFile(join(ground.folder, 'sys.creds'), ground.trust.user().creds);
  expect(await startProblems()).toContain('is not in the system account of the operator');

  await ground.configure((tree) => delete tree['nats'].operator);
  await using running = await startRotating(ground);
  await troubled(running, 'does not belong to the system account');
  expect(await refusal(running)).toEqual(NO_KEY);
  expect(await everything()).toEqual(before);
});

test('a service that starts before NATS says so, and begins to work by itself once NATS is up', async () => {
  const node = ground.cluster.node(0);
  await node.stop();
  await using running = await startRotating(ground);
  await troubled(running, 'cannot reach NATS');
  expect(running.log.text()).toContain('cannot use the NATS system account');
  expect(await refusal(running)).toEqual(NO_KEY);

  await node.restart();
  await eventually(() => isReady(running));
  await ground.connect((await running.credential(await ground.token())).creds);
  await eventually(() => running.log.text().includes('signing keys can be rotated again'));
});

test('the ring of another account is not used, not changed and not published', async () => {
  {
    await using _running = await startRotating(ground);
    await ground.activated(1);
  }
  const before = await everything('LAB');
  await ground.configure((tree) => {
    tree['accounts'].APP.publicKey = ground.trust.account('LAB').key.publicKey;
  });
  await using running = await startRotating(ground);
  await troubled(running, 'nothing was changed. Rename the account');
  expect(await refusal(running)).toEqual(NO_KEY);
  expect(await everything('LAB')).toEqual(before);
});

test('on a full disk nothing is issued and nothing rotates; existing state stays, and work resumes once there is room', async () => {
  {
    await using full = await startServiceProcess(ground, { fileKibibytes: 512 });
    await ground.activated(1);
    const token = await ground.token();
    await eventually(async () => (await full.exchange(token)).status === 503);
    expect(await refusal(full)).toEqual({ status: 503, reason: 'audit_unavailable' });
    await full.logged('cannot write the audit log');
    await full.logged('cannot read from the store which process rotates');
    expect(await isReady(full)).toBe(false);
    expect(ground.activations()).toHaveLength(1);
  }
  const before = await everything();
  await using running = await startRotating(ground);
  await ground.connect((await running.credential(await ground.token())).creds);
  expect(await everything()).toEqual(before);
});

test('a key that somebody else writes into the store is not published, nor is a wider template', async () => {
  await using running = await startRotating(ground);
  await eventually(() => isReady(running));
  const planted = createKeyPair('account').publicKey;
  const [before] = (await ground.applied()).values();
  await ground.changeRing((ring) => ({
    ...ring,
    keys: [
      ...ring.keys.map((key) =>
        key.scope
          ? { ...key, scope: { ...key.scope, template: { ...key.scope.template, pub: {} } } }
          : key,
      ),
      {
        publicKey: planted,
        slot: '*',
        state: 'draining',
        stagedAt: 0,
        stagedTerm: 1,
        drainingAt: Date.now(),
        lifetimeSeconds: 1e9,
        reason: 'schedule',
      },
    ],
  }));
  await eventually(() =>
    running.log.lines.some(
      (line) => line.includes('has no proof by a key of the operator') && line.includes(planted),
    ),
  );
  const [after] = (await ground.applied()).values();
  expect(JSON.stringify(after?.nats)).not.toContain(planted);
  expect(after?.nats.signing_keys).toEqual(
    expect.arrayContaining([...(before?.nats.signing_keys ?? [])]),
  );
});
