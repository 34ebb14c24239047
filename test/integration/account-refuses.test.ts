import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AccountBody } from '../support/account-body.ts';
import { encodeJwt } from '../../src/nats/jwt.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { eventually } from '../support/eventually.ts';
import { prepareExternal, type Seeing } from '../support/external-world.ts';
import {
  prepareRotation,
  type RotationGround,
  type RunningService,
  startRotating,
} from '../support/rotation-world.ts';
import { startRotatorProcess } from '../support/rotator-process.ts';
import { startServiceProcess } from '../support/service-process.ts';
import type { ConfigTree } from '../support/service-world.ts';

/** An account that refuses all users: nothing is issued for it, probe, log and metric say why, and it comes back by itself. */

const ACCEPTS = 'nats_sts_account_accepts_connections{account="APP"}';
const LOOKED = 'nats_sts_rotator_last_success_timestamp_seconds{account="APP"}';
const EXPIRY = 'nats_sts_account_jwt_expiry_timestamp_seconds{account="APP"}';

const now = () => Math.floor(Date.now() / 1000);

interface Changed {
  readonly body?: (body: AccountBody) => AccountBody;
  readonly exp?: number;
  readonly nbf?: number;
}

/**
 * Pushes the JWT of account APP as its operator has it in nsc, without the keys of nats-sts; again
 * when the rotator was about to push another one at that moment. Resolves once it is in force.
 */
function operatorOf(ground: RotationGround) {
  const { trust } = ground;
  let count = 0;
  return async ({ body: change = (body) => body, ...times }: Changed = {}): Promise<void> => {
    const { name, key, body } = trust.account('APP');
    const description = `change ${(count += 1)}`;
    const changed = { ...change(body), description };
    const current = async () => [...(await ground.applied()).values()][0];
    await eventually(async () => {
      const iat = Math.max(((await current())?.iat ?? 0) + 1, now());
      await ground.push(trust.signAccount({ name, key, body: changed, iat, ...times }));
      const inForce = await eventually(async () => {
        const claims = await current();
        return claims && claims.iat >= iat && claims;
      });
      return inForce.nats['description'] === description;
    });
  };
}

type World = RotationGround & RunningService;

async function part(world: Pick<World, 'url'>): Promise<{ ready: boolean; message?: string }> {
  const response = await fetch(`${world.url}/readyz`);
  const { parts } = (await response.json()) as { parts: Record<string, { ready: boolean }> };
  return parts['account:APP']!;
}

async function reasonOf(world: World): Promise<string | undefined> {
  const response = await world.exchange(await world.token());
  const { reason } = (await response.json()) as { reason?: string };
  return response.status === 503 ? reason : `${response.status}`;
}

/** Exchanges and connects. */
async function comesIn(world: World): Promise<boolean> {
  const response = await world.exchange(await world.token());
  if (response.status !== 200) return false;
  const { creds } = (await response.json()) as { creds: string };
  const connection = await world.connect(creds).catch(() => undefined);
  await connection?.close();
  return connection !== undefined;
}

describe('a managed account', () => {
  let world: World;
  let push: ReturnType<typeof operatorOf>;
  beforeAll(async () => {
    const ground = await prepareRotation({
      size: 1,
      configure: (tree: ConfigTree) => {
        tree['accounts'].APP.rotation.every = '1h';
      },
    });
    world = { ...ground, ...(await startRotating(ground)) };
    push = operatorOf(ground);
    await eventually(() => comesIn(world));
  });
  afterAll(async () => {
    await world?.service.close();
    await world?.[Symbol.asyncDispose]();
  });

  const limits = (more: Partial<AccountBody['limits']>) => (body: AccountBody) => ({
    ...body,
    limits: { ...body.limits, ...more },
  });
  const callout = { auth_users: [createKeyPair('user').publicKey], allowed_accounts: ['*'] };

  test.each<[what: string, changed: () => Changed, why: string]>([
    ['has expired', () => ({ exp: now() + 3 }), 'its JWT expired at'],
    [
      'leaves connections to an auth callout',
      () => ({ body: (body) => ({ ...body, authorization: callout }) }),
      'auth callout',
    ],
    ['allows no connections', () => ({ body: limits({ conn: 0 }) }), 'limits.conn is 0'],
    ['allows no subscriptions', () => ({ body: limits({ subs: 0 }) }), 'limits.subs is 0'],
    [
      'has no limits at all',
      () => ({ body: ({ limits: _none, ...body }) => body as AccountBody }),
      'is 0 or missing',
    ],
    [
      'revokes everyone for a while to come',
      () => ({ body: (body) => ({ ...body, revocations: { '*': now() + 3600 } }) }),
      'revokes every user issued before',
    ],
  ])(
    'that %s is reported as such, and gives credentials again once that is fixed',
    async (_, changed, why) => {
      await push(changed());
      await eventually(async () => (await reasonOf(world)) === 'account_unavailable');
      expect(await world.metric(ACCEPTS)).toBe(0);
      expect(await part(world)).toMatchObject({
        ready: false,
        essential: false,
        message: expect.stringContaining(why),
      });
      const refusal = world.audit({ type: 'denied' }).findLast(({ type }) => type === 'denied');
      expect(refusal).toMatchObject({ detail: expect.stringContaining(why) });
      await eventually(() =>
        world.log.lines.some(
          (line) => line.includes('NATS refuses all users') && line.includes(why),
        ),
      );

      await push();
      await eventually(() => comesIn(world));
      expect(await world.metric(ACCEPTS)).toBe(1);
      expect(await part(world)).toMatchObject({ ready: true });
    },
  );

  test('that was deleted stays deleted, whatever the rotator must publish, until someone pushes it again', async () => {
    const { key } = world.trust.operator;
    const { publicKey } = world.trust.account('APP').key;
    const request = encodeJwt({
      claims: {
        sub: key.publicKey,
        name: 'delete',
        iat: now(),
        nats: { type: 'generic', version: 2, accounts: [publicKey] } as never,
      },
      issuerPublicKey: key.publicKey,
      sign: key.sign,
    });
    const answer = await world.system.request('$SYS.REQ.CLAIMS.DELETE', request);
    expect(answer.string()).toContain('deleted 1 accounts');
    await eventually(async () => (await reasonOf(world)) === 'account_unavailable');
    expect(await part(world)).toMatchObject({
      message: expect.stringContaining('deleted from the servers'),
    });
    // A new role needs a key in the account JWT.
    await world.configure((tree) => {
      tree['roles'].second = { ...tree['roles'].publisher };
    });
    expect(world.service.reload()).toBe(true);
    await eventually(() => world.ring()?.keys.some(({ slot }) => slot === 'second'));
    const lookup = `$SYS.REQ.ACCOUNT.${publicKey}.CLAIMS.LOOKUP`;
    expect((await world.system.request(lookup)).string()).toBe('');

    await push();
    await eventually(() => comesIn(world));
    await world.activated(1, 'second');
  });

  test('gives credentials to leaf nodes only, if its JWT allows no other connections', async () => {
    await world.configure((tree) => {
      tree['roles'].leaf = { ...tree['roles'].publisher, connectionTypes: ['LEAFNODE'] };
      tree['bindings'][0].roles = ['publisher', 'leaf'];
    });
    expect(world.service.reload()).toBe(true);
    await world.activated(1, 'leaf');
    await push({ body: limits({ conn: 0 }) });
    await eventually(async () => (await reasonOf(world)) === 'account_unavailable');
    const leaf = await world.exchange(await world.token(), { role: 'leaf' });
    expect(leaf.status).toBe(200);
    expect((await part(world)).message).toContain('with role publisher');
    expect((await part(world)).message).not.toContain('leaf,');
    await push();
    await eventually(() => comesIn(world));
    await push({ body: limits({ leaf: 0 }) });
    await eventually(async () => {
      const response = await world.exchange(await world.token(), { role: 'leaf' });
      return response.status === 503;
    });
    expect(await reasonOf(world)).toBe('200');
    await push();
  });

  test('gives credentials that expire with its JWT at the latest, and warns days before that', async () => {
    const exp = now() + 300;
    await push({ exp });
    await eventually(async () => (await world.metric(EXPIRY)) === exp);
    const issued = await world.credential(await world.token());
    expect(issued.expires_at).toBe(exp);
    expect(issued.expires_in).toBeLessThanOrEqual(300);
    const form = await world.tokenExchange([
      ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      ['subject_token', await world.token()],
      ['subject_token_type', 'urn:ietf:params:oauth:token-type:jwt'],
    ]);
    const { expires_in } = (await form.json()) as { expires_in: number };
    expect(expires_in).toBeLessThanOrEqual(300);
    const warning = await eventually(() =>
      world.log.lines.find((line) => line.includes('its JWT expires within a day')),
    );
    expect(JSON.parse(warning)).toMatchObject({ level: 'warn', account: 'APP' });
    // What somebody else set stays: nats-sts neither extends nor forgets it.
    await eventually(async () => {
      const [claims] = (await world.applied()).values();
      return claims && (claims.nats.signing_keys ?? []).length > 1 && claims.exp === exp;
    });
    await push({ exp: now() + 30 * 86_400 });
    await eventually(async () => ((await world.metric(EXPIRY)) ?? 0) > exp);
    const { issued_at, expires_at } = await world.credential(await world.token());
    expect(expires_at - issued_at).toBe(15 * 60);
    await push();
    await eventually(async () => (await world.metric(EXPIRY)) === undefined);
  });

  test('that is full still gives credentials', async () => {
    await push({ body: limits({ conn: 1 }) });
    await eventually(async () => {
      const [claims] = (await world.applied()).values();
      return (claims?.nats['limits'] as { conn?: number } | undefined)?.conn === 1 && claims;
    });
    await eventually(() => comesIn(world));
    const holder = await world.connect((await world.credential(await world.token())).creds);
    await expect(
      world.connect((await world.credential(await world.token())).creds),
    ).rejects.toBeInstanceOf(Error);
    expect(await part(world)).toMatchObject({ ready: true });
    expect(await world.metric(ACCEPTS)).toBe(1);
    await holder.close();
    await push();
    await eventually(() => comesIn(world));
  });
});

describe.each<Seeing>(['look-up', 'canary'])('an external account, seen by %s,', (seeing) => {
  test('that refuses all users gives no credentials, until it is fixed', async () => {
    await using ground = await prepareExternal({ seeing, keys: 1 });
    await using running = await startRotating(ground);
    const world = { ...ground, ...running };
    await eventually(() => comesIn(world));
    const { name, key, body } = ground.trust.account('APP');
    const listing = { ...body, signing_keys: [ground.keys[0]!.publicKey] };
    const push = async (changed: Partial<AccountBody>) => {
      const iat = ([...(await ground.applied()).values()][0]?.iat ?? now()) + 1;
      await ground.push(
        ground.trust.signAccount({ name, key, body: { ...listing, ...changed }, iat }),
      );
    };

    await push({ revocations: { '*': now() + 3600 } });
    const reason = seeing === 'look-up' ? 'account_unavailable' : 'signing_key_unavailable';
    await eventually(async () => (await reasonOf(world)) === reason);
    expect(await world.metric(ACCEPTS)).toBe(0);
    expect(await part(world)).toMatchObject({ ready: false });
    await push({});
    await eventually(() => comesIn(world));
    expect(await world.metric(ACCEPTS)).toBe(1);

    // Nobody refuses its keys: the account is only full.
    await push({ limits: { ...body.limits, conn: 1 } });
    const holder = await eventually(async () => {
      const { creds } = await world.credential(await world.token());
      return world.connect(creds).catch(() => undefined);
    });
    const looked = Date.now() / 1000 + 6;
    await eventually(async () => ((await world.metric(LOOKED)) ?? 0) > looked);
    expect(await reasonOf(world)).toBe('200');
    expect(await part(world)).toMatchObject({ ready: true });
    await holder.close();
  });
});

test('a serve without access to the system account learns from the store what its rotator sees', async () => {
  let tree: ConfigTree = {};
  await using ground = await prepareRotation({
    size: 1,
    configure: (written) => {
      tree = written;
      tree['accounts'].APP.rotation.every = '1h';
    },
  });
  // A server loads an account when its first client comes.
  await (await ground.connect(ground.trust.user().creds)).close();
  const configFile = join(ground.folder, 'serve.yaml');
  const { servers } = tree['nats'] as { servers: string[] };
  await writeFile(configFile, stringify({ ...tree, nats: { servers } }));
  await using rotator = startRotatorProcess(ground, '--listen', '127.0.0.1:0');
  await using serve = await startServiceProcess({ configFile });
  const url = String((await rotator.logged('listening'))['url']);
  const push = operatorOf(ground);
  const answer = async () => (await serve.exchange(await ground.token())).status;
  await eventually(async () => (await answer()) === 200);

  await push({ body: (body) => ({ ...body, limits: { ...body.limits, conn: 0 } }) });
  await eventually(async () => {
    const response = await serve.exchange(await ground.token());
    const { reason } = (await response.json()) as { reason?: string };
    return reason === 'account_unavailable';
  });
  for (const at of [serve, { url }]) {
    expect(await part(at)).toMatchObject({
      ready: false,
      message: expect.stringContaining('limits.conn is 0'),
    });
    expect(await (await fetch(`${at.url}/metrics`)).text()).toContain(`${ACCEPTS} 0`);
  }
  await push();
  await eventually(async () => (await answer()) === 200);
  await eventually(async () => (await part({ url })).ready);
});
