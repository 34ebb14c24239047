import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { scopedSigningKey } from '../../src/nats/account-claims.ts';
import { formatCreds } from '../../src/nats/creds.ts';
import { encodeJwt } from '../../src/nats/jwt.ts';
import { createKeyPair, type KeyPair } from '../../src/nats/key-pair.ts';
import { directUser, scopedUser } from '../../src/nats/user-claims.ts';
import { natsSts } from '../cli/command-line.ts';
import { adminRequest } from '../http/admin/admin-client.ts';
import { eventually } from '../support/eventually.ts';
import { type ExternalGround, prepareExternal, type Seeing } from '../support/external-world.ts';
import { heard, publishAtOnce } from '../support/nats-traffic.ts';
import { type RunningService, startRotating } from '../support/rotation-world.ts';
import { steadyStream } from '../support/steady-stream.ts';

const LEFT = 'nats_sts_signing_keys_left{account="APP"}';
const PROBLEMS = 'nats_sts_rotator_problems{account="APP"}';
const LOOKED = 'nats_sts_rotator_last_success_timestamp_seconds{account="APP"}';
const DRY = 'no unused signing keys remain';

/** The template of the role publisher; limits left out, as nsc writes those of a key that had none. */
const TEMPLATE = {
  pub: { allow: ['orders.{{tag(subject)}}.>'] },
  sub: { allow: ['_INBOX.>', 'orders.{{tag(subject)}}.>'] },
};

/** One that the role allows to `sub: orders`, and others. */
const SUBJECTS = ['orders.orders.1', 'orders.other.1', 'secrets'];

function scoped({ publicKey }: KeyPair<'account'>, template: object) {
  const none = { subs: undefined, data: undefined, payload: undefined };
  const limits = none as unknown as { subs: number; data: number; payload: number };
  return scopedSigningKey({
    key: publicKey,
    role: 'publisher',
    template: { ...limits, ...template },
  });
}

/** Signs in and comes in: 200 only if both work. */
async function comeIn(world: ExternalGround & RunningService): Promise<Response> {
  const answer = await world.exchange(await world.token());
  if (answer.status !== 200) return answer;
  const { creds } = (await answer.json()) as { creds: string };
  await (await world.connect(creds)).close();
  return new Response('', { status: 200 });
}

/** The place of the key that signs now; undefined while none does. */
async function signer(world: ExternalGround & RunningService): Promise<number | undefined> {
  const answer = await world.exchange(await world.token());
  if (answer.status === 503) return void (await answer.text());
  return world.signerOf((await answer.json()) as { jwt: string });
}

/** Resolves once a whole look has ended that began after this call. */
async function lookedAgain(world: RunningService): Promise<void> {
  // The first to end may have begun before.
  for (let looks = 0; looks < 2; looks += 1) {
    const last = await world.metric(LOOKED);
    await eventually(async () => (await world.metric(LOOKED)) !== last);
  }
}

/** In what state each key is, and since when it signs. */
function states(ground: ExternalGround) {
  return ground.ring()?.keys.map(({ publicKey, state, activeAt }) => [publicKey, state, activeAt]);
}

async function start(ground: ExternalGround): Promise<ExternalGround & RunningService> {
  const running = await startRotating(ground);
  return { ...ground, ...running, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
}

function timesLogged({ log }: RunningService, text: string): number {
  return log.lines.filter((line) => line.includes(text)).length;
}

async function rotateNow(world: ExternalGround & RunningService): Promise<void> {
  const token = await world.token({ sub: 'admin' });
  const answer = await adminRequest(world.url, 'POST /admin/keys/rotate', { token, body: {} });
  expect(answer.status).toBe(202);
}

describe.each<Seeing>(['look-up', 'canary'])(
  'an account whose keys are given, seen by %s',
  (seeing) => {
    test('changes to the next key on schedule and refuses nobody; the last key keeps signing, and new ones are used once given', async () => {
      await using ground = await prepareExternal({ seeing, keys: 3, every: '2s' });
      await using world = await start(ground);
      await eventually(async () => (await fetch(`${world.url}/readyz`)).ok);
      const stream = steadyStream(() => comeIn(world), 2);
      await ground.activated(3);
      expect(world.signedInTurn()).toEqual([0, 1, 2]);

      // The schedule has long come round.
      await lookedAgain(world);
      expect(await world.metric(LEFT)).toBe(0);
      expect(timesLogged(world, DRY)).toBe(1);
      expect(await signer(world)).toBe(2);
      const at = ['--url', world.url, '--token', await world.token({ sub: 'admin' })];
      const { out } = await natsSts('keys', 'list', ...at);
      expect(out).toContain('nsc generate nkey --account');
      expect(out).toContain('nsc push --account APP');

      // Given, but not listed: it waits.
      await world.give(4);
      expect(world.service.reload()).toBe(true);
      await eventually(async () => (await world.metric(LEFT)) === 1);
      await lookedAgain(world);
      expect(await signer(world)).toBe(2);
      await world.list(...world.keys.slice(0, 4));
      await ground.activated(4);
      expect(await eventually(async () => (await signer(world)) === 3)).toBe(true);
      await stream.answered(100);
      const { failures } = await stream.stop();
      expect(failures).toEqual([]);
      expect(world.signedInTurn()).toEqual([0, 1, 2, 3]);
    });

    test('a key that the account does not list signs nothing, and probe, log and metric show it; once listed it signs, without a restart', async () => {
      await using ground = await prepareExternal({ seeing, keys: 1, listed: [1] });
      await using world = await start(ground);
      const { publicKey } = world.keys[0]!;
      await eventually(() =>
        world.log.text().includes('does not list these signing keys as configured'),
      );
      expect(world.log.text()).toContain(`${publicKey}: the account does not list it`);
      const refused = await world.exchange(await world.token());
      expect([refused.status, await refused.json()]).toEqual([
        503,
        expect.objectContaining({ reason: 'signing_key_unavailable' }),
      ]);
      const ready = await fetch(`${world.url}/readyz`);
      expect([ready.status, await ready.json()]).toEqual([
        503,
        expect.objectContaining({
          parts: expect.objectContaining({
            'account:APP': expect.objectContaining({ message: expect.stringContaining(publicKey) }),
          }),
        }),
      ]);
      expect(await world.metric(PROBLEMS)).toBe(1);

      await world.list(world.keys[0]!);
      await eventually(async () => (await signer(world)) === 0);
      expect((await comeIn(world)).status).toBe(200);
      expect((await fetch(`${world.url}/readyz`)).status).toBe(200);
      await eventually(async () => (await world.metric(PROBLEMS)) === 0);
      // Nothing runs out where nothing says how often to rotate.
      expect(await world.metric(LEFT)).toBeUndefined();
      expect(timesLogged(world, DRY)).toBe(0);
    });

    test('a key that the operator removes is replaced by the next listed one, and never signs again', async () => {
      await using ground = await prepareExternal({ seeing, keys: 3, listed: [0, 2] });
      await using world = await start(ground);
      await eventually(async () => (await signer(world)) === 0);
      await world.list(world.keys[2]!);
      await eventually(async () => (await signer(world)) === 2);
      expect((await comeIn(world)).status).toBe(200);

      // Back in the account, it is not taken back; the one that was passed over is.
      await world.list(...world.keys.slice(0, 3));
      await lookedAgain(world);
      expect(await signer(world)).toBe(2);
      await rotateNow(world);
      await eventually(async () => (await signer(world)) === 1);
      expect((await comeIn(world)).status).toBe(200);

      // Taken out without another one to go to: refused, rather than signed for nothing.
      await world.list(world.keys[0]!);
      await eventually(async () => (await signer(world)) === undefined);
      await rotateNow(world);
      await lookedAgain(world);
      expect(await signer(world)).toBeUndefined();
      await world.list(world.keys[1]!);
      await eventually(async () => (await signer(world)) === 1);
      expect(world.signedInTurn()).toEqual([0, 2, 1]);
    });

    test('the position in the given keys survives a restart, and is the same for all replicas', async () => {
      await using ground = await prepareExternal({ seeing, keys: 3, every: '1h' });
      {
        await using first = await start(ground);
        await eventually(async () => (await signer(first)) === 0);
        await rotateNow(first);
        await eventually(async () => (await signer(first)) === 1);
      }
      const before = states(ground);
      await using again = await start(ground);
      await using replica = await start(ground);
      for (const world of [again, replica]) {
        await eventually(async () => (await fetch(`${world.url}/readyz`)).ok);
        expect(await signer(world)).toBe(1);
      }
      await eventually(async () => (await again.metric(LOOKED)) ?? (await replica.metric(LOOKED)));
      expect(states(ground)).toEqual(before);
      await rotateNow(replica);
      for (const world of [again, replica])
        await eventually(async () => (await signer(world)) === 2);
      expect(ground.signedInTurn()).toEqual([0, 1, 2]);
    });

    test('a key that is given for a role signs nothing while it is listed plainly, or without the permissions of the role', async () => {
      await using ground = await prepareExternal({ seeing, keys: 1, role: 'publisher' });
      const [key] = ground.keys as [KeyPair<'account'>];
      // The danger: what it would sign may publish anywhere.
      const unbound = userOf(ground, key, scopedUser);
      await eventually(async () => isDeepStrictEqual(await reached(ground, unbound), SUBJECTS));

      await using world = await start(ground);
      await eventually(() =>
        world.log.text().includes('listed as a plain key, not as a scoped one'),
      );
      expect(await signer(world)).toBeUndefined();
      // Tied to the role, without a word of what the role may.
      await ground.list(scoped(key, {}));
      await eventually(() => /template (allows more|differs)/.test(world.log.text()));
      expect(await signer(world)).toBeUndefined();

      await ground.list(scoped(key, TEMPLATE));
      await eventually(async () => (await signer(world)) === 0);
      const { creds } = await world.credential(await world.token());
      expect(await reached(ground, creds)).toEqual(['orders.orders.1']);

      await ground.list(key);
      await eventually(async () => (await signer(world)) === undefined);
      expect(ground.signedInTurn()).toEqual([0]);
    });
  },
);

test('a key that is given for a role signs nothing while its template allows more, or nothing; the difference is reported', async () => {
  await using ground = await prepareExternal({
    seeing: 'look-up',
    keys: 1,
    role: 'publisher',
    listed: [],
  });
  const [key] = ground.keys as [KeyPair<'account'>];
  const { sub } = TEMPLATE;
  await using world = await start(ground);
  for (const [template, why] of [
    [{}, 'it allows publishing to \\">\\"'],
    [{ ...TEMPLATE, pub: { allow: ['orders.>'] } }, 'it allows publishing to \\"orders.>\\"'],
    [{ pub: TEMPLATE.pub }, 'it allows subscribing to \\">\\"'],
    [{ pub: TEMPLATE.pub, sub, resp: { max: 1, ttl: 0 } }, 'it allows more or later replies'],
    [{ ...TEMPLATE, subs: 0 }, 'its limit subs is 0'],
    [{ ...TEMPLATE, payload: 0 }, 'its limit payload is 0'],
  ] as const) {
    await ground.list(scoped(key, template));
    await eventually(() => world.log.text().includes(`differs from role publisher: ${why}`));
    expect(await signer(world)).toBeUndefined();
  }
  await ground.list(scoped(key, { ...TEMPLATE, data: 0 }));
  await eventually(async () => (await signer(world)) === 0);
  await ground.list(scoped(key, {}));
  await eventually(async () => (await signer(world)) === undefined);
});

/** Creds of a user of account APP, signed with this key. */
function userOf(
  { trust }: ExternalGround,
  key: KeyPair<'account'>,
  body: typeof scopedUser | typeof directUser,
) {
  const user = createKeyPair('user');
  const jwt = encodeJwt({
    claims: {
      sub: user.publicKey,
      name: 'a user',
      iat: Math.floor(Date.now() / 1000),
      nats: body({ issuer_account: trust.account('APP').key.publicKey }),
    },
    issuerPublicKey: key.publicKey,
    sign: key.sign,
  });
  return formatCreds({ jwt, seed: user.seed() });
}

/** Which of the subjects the holder of these creds reaches. */
async function reached(ground: ExternalGround, creds: string): Promise<string[]> {
  // The account's identity key signs always, plainly.
  const { key } = ground.trust.account('APP');
  const observer = await ground.connect(userOf(ground, key, directUser));
  const url = ground.cluster.node(0).url;
  return heard(observer, () => publishAtOnce(url, creds, SUBJECTS));
}
