import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatCreds } from '../../src/nats/creds.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { eventually } from '../support/eventually.ts';
import {
  apartFromRotator,
  type RotationWorld,
  startRotationWorld,
} from '../support/rotation-world.ts';
import type { CredentialAnswer, ExchangeAsk } from '../support/service-world.ts';

/** Revoked clients are disconnected from all three servers, and nobody else is. */

let world: RotationWorld;

beforeAll(async () => {
  world = await startRotationWorld({
    configure: (tree) => {
      tree['accounts'].APP.rotation = { every: '1h', grace: '10s' };
      for (const role of ['reader', 'crowd']) {
        tree['roles'][role] = {
          account: 'APP',
          publish: { allow: ['_INBOX.>'] },
          subscribe: { allow: ['news.>'] },
          maxTtl: '15m',
        };
      }
      const binding = (name: string, sub: readonly string[], role: string) => ({
        name,
        issuer: 'dev',
        match: { sub },
        roles: [role],
      });
      tree['bindings'] = [
        binding('services', ['orders', 'billing'], 'publisher'),
        binding('day shift', ['ann', 'bob'], 'reader'),
        binding('night shift', ['cleo'], 'reader'),
        binding('everybody else', ['crowd'], 'crowd'),
      ];
    },
  });
});

afterAll(() => world?.[Symbol.asyncDispose]());

interface Revoked {
  readonly id: string;
  readonly at: number;
  readonly credentials: number;
  readonly sessions: number | null;
}

async function admin(method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${world.url}/admin/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${await world.token({ sub: 'admin' })}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
}

async function revoke(target: object): Promise<Revoked> {
  const response = await admin('POST', 'revocations', { ...target, reason: 'they left' });
  expect(response.status).toBe(201);
  return (await response.json()) as Revoked;
}

async function lift({ id }: Revoked): Promise<void> {
  expect((await admin('DELETE', `revocations/${id}`)).status).toBe(204);
}

interface Member {
  readonly token: string;
  readonly credential: CredentialAnswer;
  /** One on each server. */
  readonly connections: readonly NatsConnection[];
}

async function member(sub: string, ask: ExchangeAsk & { seed?: string } = {}): Promise<Member> {
  const { seed, ...rest } = ask;
  const token = await world.token({ sub });
  const answer = await world.credential(token, rest);
  const creds = seed === undefined ? answer.creds : formatCreds({ jwt: answer.jwt, seed });
  return { token, credential: { ...answer, creds }, connections: await connectAll(creds) };
}

function connectAll(creds: string): Promise<NatsConnection[]> {
  return Promise.all(world.cluster.nodes.map((node) => world.connect(creds, { node })));
}

/** A token from six seconds after the revocation, once the second of the revocation has passed. */
async function laterToken(sub: string, { at }: Revoked): Promise<string> {
  await eventually(() => Math.floor(Date.now() / 1000) > at);
  return world.token({ sub, iat: at + 6 });
}

/** Resolves once the server has closed all these connections. */
async function disconnected(...members: readonly Member[]): Promise<void> {
  await Promise.all(members.flatMap(({ connections }) => connections.map((each) => each.closed())));
}

async function untouched({ connections }: Member): Promise<void> {
  for (const connection of connections) await connection.flush();
}

async function refusal(token: string): Promise<{ status: number; reason: string }> {
  const response = await world.exchange(token);
  const { reason } = (await response.json()) as { reason: string };
  return { status: response.status, reason };
}

async function isRefusedEverywhere({ credential }: Member): Promise<void> {
  for (const node of world.cluster.nodes) {
    await expect(world.connect(credential.creds, { node })).rejects.toThrow(
      'Authorization Violation',
    );
  }
}

/** The users that the account JWT revokes, as every server has applied it. */
async function revokedEverywhere(): Promise<string[][]> {
  const applied = [...(await world.applied()).values()];
  return applied.map((claims) => Object.keys(claims?.nats.revocations ?? {}));
}

test('every connection of a revoked identity is closed and its token refused; others are not affected', async () => {
  const [one, two, stranger] = [
    await member('orders'),
    await member('orders'),
    await member('billing'),
  ];
  const target = { issuer: 'dev', subject: 'orders' };
  const dry = await admin('POST', 'revocations', {
    ...target,
    reason: 'just asking',
    dry_run: true,
  });
  expect(await dry.json()).toMatchObject({ credentials: 2, sessions: 6 });
  const revoked = await revoke(target);
  await disconnected(one, two);
  expect(revoked).toMatchObject({ credentials: 2 });
  await untouched(stranger);
  await isRefusedEverywhere(one);
  expect(await refusal(one.token)).toEqual({ status: 401, reason: 'token_revoked' });
  await connectAll((await world.credential(await laterToken('orders', revoked))).creds);
  await connectAll((await world.credential(stranger.token)).creds);
});

test('a blocked identity is refused with any token until the block is lifted, which takes it out of the account JWT', async () => {
  const billing = await member('billing');
  const user = JSON.parse(
    Buffer.from(billing.credential.jwt.split('.')[1]!, 'base64url').toString(),
  ) as { sub: string };
  const blocked = await revoke({ issuer: 'dev', subject: 'billing', block: true });
  await disconnected(billing);
  for (const token of [billing.token, await laterToken('billing', blocked)]) {
    expect(await refusal(token)).toEqual({ status: 403, reason: 'blocked' });
  }
  for (const users of await revokedEverywhere()) expect(users).toContain(user.sub);

  await lift(blocked);
  await eventually(async () =>
    (await revokedEverywhere()).every((users) => !users.includes(user.sub)),
  );
  await connectAll((await world.credential(billing.token)).creds);
  await connectAll(billing.credential.creds);
});

test('a user, a binding or a role can be revoked without the others of the same identity or role', async () => {
  const own = createKeyPair('user');
  const ann = await member('ann', { nkey: own.publicKey, seed: own.seed() });
  const [otherAnn, bob, cleo] = [await member('ann'), await member('bob'), await member('cleo')];
  const services = await member('billing');

  await revoke({ nkey: own.publicKey });
  await disconnected(ann);
  for (const other of [otherAnn, bob, cleo, services]) await untouched(other);
  expect((await world.exchange(ann.token)).status).toBe(200);
  const response = await world.exchange(ann.token, { nkey: own.publicKey });
  expect(response.status).toBe(401);

  await revoke({ binding: 'day shift' });
  await disconnected(otherAnn, bob);
  for (const other of [cleo, services]) await untouched(other);
  expect(await refusal(bob.token)).toEqual({ status: 401, reason: 'token_revoked' });

  await revoke({ role: 'reader' });
  await disconnected(cleo);
  await untouched(services);
  await isRefusedEverywhere(cleo);
});

test('an emergency revocation of a signing key disconnects every session behind it, and the next exchange uses the next key', async () => {
  const [services, crowd] = [await member('billing'), await member('crowd')];
  const key = world
    .ring()
    ?.keys.find(({ slot, state }) => slot === 'publisher' && state === 'active')?.publicKey;
  const response = await admin('POST', `keys/${key}/revoke`, { reason: 'it leaked' });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ public_key: key, slot: 'publisher' });
  await disconnected(services);
  await untouched(crowd);
  await isRefusedEverywhere(services);
  const again = await eventually(async () => {
    const response = await world.exchange(services.token);
    return response.ok && ((await response.json()) as CredentialAnswer);
  });
  await connectAll(again.creds);
  const listed = [...(await world.applied()).values()].map((claims) => JSON.stringify(claims));
  for (const claims of listed) expect(claims).not.toContain(key);
});

test('a credential that was issued while its revocation arrived is disconnected, too', async () => {
  const token = await world.token({ sub: 'bob', iat: Math.floor(Date.now() / 1000) + 10 });
  // The role was revoked a moment ago: nothing is issued for it within the same second.
  await eventually(async () => (await world.exchange(token)).ok);
  const issued: CredentialAnswer[] = [];
  let refused = 0;
  const lanes = Array.from({ length: 4 }, async () => {
    while (refused < 20) {
      const response = await world.exchange(token);
      if (response.ok) issued.push((await response.json()) as CredentialAnswer);
      else refused += 1;
    }
  });
  await eventually(() => issued.length > 20);
  const revoked = await revoke({ issuer: 'dev', subject: 'bob', block: true });
  await Promise.all(lanes);
  // The last ones are those that raced.
  for (const { creds } of issued.slice(-8)) {
    const refused = eventually(async () => {
      try {
        await (await world.connect(creds)).close();
        return false;
      } catch {
        return true;
      }
    });
    expect(await refused).toBe(true);
  }
  await lift(revoked);
});

test('a server that hangs does not delay revocations on the others', async () => {
  const node = apartFromRotator(world);
  const others = world.cluster.nodes.filter((other) => other !== node);
  const later = { iat: Math.floor(Date.now() / 1000) + 10 };
  const revokeAndWait = async (sub: string) => {
    const { creds } = await world.credential(await world.token({ sub, ...later }));
    const connections = await Promise.all(
      others.map((other) => world.connect(creds, { node: other })),
    );
    // The answer tells how many sessions there are, and waits for the server that hangs.
    const answer = revoke({ issuer: 'dev', subject: sub, block: true });
    await Promise.all(connections.map((connection) => connection.closed()));
    return answer;
  };
  await node.pause();
  try {
    // Once while it is found to be silent, once when that is known.
    for (const sub of ['ann', 'bob']) await lift(await revokeAndWait(sub));
    expect(node.state).toBe('paused');
  } finally {
    node.resume();
  }
});

test('if more users are revoked than fit into the account JWT, their signing key is revoked instead', async () => {
  // 256 KiB of entries of 94 bytes.
  const [tooMany, lanes] = [2790, 10];
  const crowd = await member('crowd');
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let count = 0; count < tooMany / lanes; count += 1) {
        const { ok } = await world.exchange(crowd.token);
        expect(ok).toBe(true);
      }
    }),
  );
  const key = world
    .ring()
    ?.keys.find(({ slot, state }) => slot === 'crowd' && state === 'active')?.publicKey;
  const revoked = await revoke({ role: 'crowd' });
  await disconnected(crowd);
  expect(revoked.credentials).toBeGreaterThan(tooMany);
  const ring = world.ring();
  expect(ring?.keys.find(({ publicKey }) => publicKey === key)).toMatchObject({
    state: 'retired',
    reason: 'revoked',
  });
  for (const users of await revokedEverywhere()) expect(users.length).toBeLessThan(100);
  const token = await laterToken('crowd', revoked);
  const again = await eventually(async () => {
    const response = await world.exchange(token);
    return response.ok && ((await response.json()) as CredentialAnswer);
  });
  await connectAll(again.creds);
});
