import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CredentialsAnswer, credentialsAnswer } from '../../../src/admin-api/credentials.ts';
import {
  type RevocationsAnswer,
  revocationsAnswer,
  type RevokeAnswer,
  revokeAnswer,
} from '../../../src/admin-api/revocations.ts';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import { eventually } from '../../support/eventually.ts';
import { startServiceWorld, type ServiceWorld } from '../../support/service-world.ts';
import { answerOf, problem } from '../answers.ts';
import { adminRequest } from './admin-client.ts';

/** An external account: revocations deny tokens, and count what they reach. */

let world: ServiceWorld;
let admin: string;

beforeEach(async () => {
  world = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      tree.admin = [{ issuer: 'dev', match: { sub: { glob: 'admin*' } } }];
      tree.roles.reader = { ...tree.roles.publisher, maxTtl: '5m' };
      tree.bindings[0].roles = ['publisher', 'reader'];
      tree.bindings[0].match = { sub: { glob: '*' } };
    },
  });
  admin = await world.token({ sub: 'admin' });
});
afterEach(() => world[Symbol.asyncDispose]());

const call = (route: string, body?: object) =>
  adminRequest(world.url, route, { token: admin, ...(body && { body }) });

async function revoke(body: object): Promise<RevokeAnswer> {
  const response = await call('POST /admin/revocations', { reason: 'left', ...body });
  expect([200, 201]).toContain(response.status);
  const answer: unknown = await response.json();
  expect(() => revokeAnswer.parse(answer)).not.toThrow();
  return answer as RevokeAnswer;
}

async function revocations(): Promise<RevocationsAnswer['revocations']> {
  const response = await call('GET /admin/revocations');
  expect(response.status).toBe(200);
  const answer: unknown = await response.json();
  expect(() => revocationsAnswer.parse(answer)).not.toThrow();
  return (answer as RevocationsAnswer).revocations;
}

async function reasonFor(token: string, ask: { role?: string; nkey?: string } = {}) {
  const response = await world.exchange(token, ask);
  return ((await response.json()) as { reason?: string }).reason;
}

async function issuerUrl(): Promise<string> {
  const [, payload = ''] = (await world.token({})).split('.');
  return (JSON.parse(atob(payload)) as { iss: string }).iss;
}

/** A token as a login some seconds after a revocation of now would give it. */
async function laterToken(sub: string): Promise<string> {
  const seconds = () => Math.floor(Date.now() / 1000);
  const now = seconds();
  // What was issued in the second of a revocation counts as from before.
  await eventually(() => seconds() > now);
  return world.token({ sub, iat: now + 6 });
}

test('a revoked identity needs a new token, others do not', async () => {
  const [alice, bob] = [await world.token({ sub: 'alice' }), await world.token({ sub: 'bob' })];
  expect(await reasonFor(alice)).toBeUndefined();
  const made = await revoke({ issuer: 'dev', subject: 'alice' });
  expect(made).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{12}$/),
    target: { issuer: 'dev', subject: 'alice' },
    block: false,
    at: expect.any(Number),
    credentials: 1,
    credentials_not_cut: 1,
    sessions: null,
  });
  expect(await reasonFor(alice)).toBe('token_revoked');
  expect(await reasonFor(bob)).toBeUndefined();
  expect(await reasonFor(await laterToken('alice'))).toBeUndefined();
});

test('an issuer is named by its name or its URL, and the revocation is the same', async () => {
  const url = await issuerUrl();
  const alice = await world.token({ sub: 'alice' });
  const made = await revoke({ issuer: url, subject: 'alice', dry_run: true });
  expect(made).toMatchObject({ target: { issuer: 'dev', subject: 'alice' } });
  await revoke({ issuer: url, subject: 'alice' });
  expect(await reasonFor(alice)).toBe('token_revoked');
  expect(await revocations()).toMatchObject([{ target: { issuer: 'dev', subject: 'alice' } }]);
  const other = await call('POST /admin/revocations', {
    issuer: `${url}/`,
    subject: 'alice',
    reason: 'left',
  });
  expect(await other.json()).toMatchObject({
    status: 404,
    detail: `There is no issuer "${url}/": use dev, or its URL.`,
  });
  const oneself = { issuer: url, subject: 'admin', reason: 'test', block: true };
  expect((await call('POST /admin/revocations', oneself)).status).toBe(400);
});

test('a blocked identity stays blocked until the revocation is lifted', async () => {
  const { id } = await revoke({ issuer: 'dev', subject: 'alice', block: true });
  expect(await reasonFor(await laterToken('alice'))).toBe('blocked');
  const lifted = await call(`DELETE /admin/revocations/${id}`);
  expect([lifted.status, await lifted.text()]).toEqual([204, '']);
  expect(await reasonFor(await laterToken('alice'))).toBeUndefined();
  expect(await answerOf(await call(`DELETE /admin/revocations/${id}`))).toEqual(
    problem(404, 'not_found', 'not_found'),
  );
});

test('a role, a binding and a user can be revoked', async () => {
  const token = await world.token({ sub: 'alice' });
  const nkey = createKeyPair('user').publicKey;
  expect(await reasonFor(token, { nkey })).toBeUndefined();
  await revoke({ role: 'reader' });
  expect(await reasonFor(token, { role: 'reader' })).toBe('token_revoked');
  expect(await reasonFor(token, { role: 'publisher' })).toBeUndefined();
  expect(await revoke({ nkey })).toMatchObject({ credentials: 1 });
  expect(await reasonFor(token, { nkey })).toBe('token_revoked');
  await revoke({ binding: 'orders service' });
  expect(await reasonFor(token)).toBe('token_revoked');
});

test('a dry run answers the same, and changes and records nothing', async () => {
  const token = await world.token({ sub: 'alice' });
  for (const role of ['publisher', 'reader']) await reasonFor(token, { role });
  const response = await call('POST /admin/revocations', {
    issuer: 'dev',
    subject: 'alice',
    reason: 'looking',
    dry_run: true,
  });
  expect(response.status).toBe(200);
  const answer = (await response.json()) as RevokeAnswer;
  expect(answer).toMatchObject({ credentials: 2, credentials_not_cut: 2 });
  expect(answer).not.toHaveProperty('id');
  expect(await revocations()).toEqual([]);
  expect(world.audit({ type: 'revocation' })).toEqual([]);
  expect(await reasonFor(token)).toBeUndefined();
});

test('revocations are listed until nothing issued before them can be valid', async () => {
  const first = await revoke({ role: 'reader' });
  const second = await revoke({ issuer: 'dev', subject: 'alice', block: true });
  const listed = await revocations();
  expect(new Set(listed.map(({ id }) => id))).toEqual(new Set([first.id, second.id]));
  expect(listed.find(({ id }) => id === first.id)).toEqual({
    id: first.id,
    target: { role: 'reader' },
    reason: 'left',
    block: false,
    at: first.at,
    until: expect.any(Number),
    by: { issuer: 'dev', subject: 'admin' },
    credentials: 0,
  });
  // A token may live for a day unless configured otherwise, and a credential for 15 minutes after.
  expect(listed[0]!.until - listed[0]!.at).toBeGreaterThanOrEqual(86_400 + 900);
});

test('who made and lifted a revocation is recorded, with their address', async () => {
  const { id } = await revoke({ issuer: 'dev', subject: 'alice' });
  await call(`DELETE /admin/revocations/${id}`);
  expect(world.audit({ type: 'revocation' })).toMatchObject(
    ['made', 'lifted'].map((change) => ({
      change,
      id,
      target: { issuer: 'dev', subject: 'alice' },
      reason: 'left',
      identity: { issuerName: 'dev', subject: 'admin' },
      door: 'admin',
      address: '127.0.0.1',
    })),
  );
});

describe('a request is refused', () => {
  const nkey = createKeyPair('user').publicKey;
  test.each<[string, object, number, string]>([
    ['that names nobody', {}, 400, 'parameter_invalid'],
    ['that names two', { role: 'reader', binding: 'x' }, 400, 'parameter_invalid'],
    ['that names half an identity', { subject: 'alice' }, 400, 'parameter_invalid'],
    [
      'that names a role and half an identity',
      { role: 'reader', issuer: 'dev' },
      400,
      'parameter_invalid',
    ],
    ['without a reason', { role: 'reader', reason: '' }, 400, 'parameter_invalid'],
    ['with a word it does not know', { role: 'reader', blok: true }, 400, 'parameter_invalid'],
    ['for a broken nkey', { nkey: `${nkey.slice(0, -1)}1` }, 400, 'nkey_invalid'],
    ['for an account’s key', { nkey: createKeyPair('account').publicKey }, 400, 'nkey_invalid'],
    ['for a role that is not there', { role: 'raeder' }, 404, 'not_found'],
    ['for a binding that is not there', { binding: 'orders servce' }, 404, 'not_found'],
    ['for an issuer that is not there', { issuer: 'dve', subject: 'x' }, 404, 'not_found'],
  ])('%s', async (_, body, status, reason) => {
    const response = await call('POST /admin/revocations', { reason: 'test', ...body });
    const said = (await response.json()) as { detail: string };
    expect(said).toMatchObject({ status, reason });
    expect(said.detail.includes('did you mean')).toBe(status === 404);
    expect(await revocations()).toEqual([]);
  });

  test.each([
    ['an issuer', { issuer: 'nobody-like-it', subject: 'x' }, 'use dev, or its URL.'],
    ['a role', { role: 'nothing-like-it' }, 'use one of publisher, reader.'],
  ])('for %s that resembles no name, with the known names', async (_, body, names) => {
    const response = await call('POST /admin/revocations', { reason: 'test', ...body });
    expect(((await response.json()) as { detail: string }).detail).toContain(names);
  });

  test('that would lock out its administrator', async () => {
    const body = { issuer: 'dev', subject: 'admin', reason: 'test', block: true };
    const response = await call('POST /admin/revocations', body);
    expect(await response.json()).toMatchObject({ status: 400, reason: 'parameter_invalid' });
  });

  test.each(['nope', '..%2Fring.APP', '0123456789AB'])('that lifts %s', async (id) => {
    expect((await call(`DELETE /admin/revocations/${id}`)).status).toBe(404);
  });
});

describe('the credentials that have not expired', () => {
  async function credentials(query = ''): Promise<CredentialsAnswer> {
    const response = await call(`GET /admin/credentials${query}`);
    expect(response.status).toBe(200);
    const answer: unknown = await response.json();
    expect(() => credentialsAnswer.parse(answer)).not.toThrow();
    return answer as CredentialsAnswer;
  }

  test('are listed with everything that a revocation needs', async () => {
    const issued = await world.credential(await world.token({ sub: 'alice' }));
    expect(await credentials()).toEqual({
      credentials: [
        {
          user: issued.subject,
          account: 'APP',
          role: 'publisher',
          binding: 'orders service',
          issuer: 'dev',
          subject: 'alice',
          actor: null,
          signing_key: issued.issuer,
          issued_at: expect.any(Number),
          expires_at: issued.expires_at,
        },
      ],
      next: null,
    });
  });

  test('are found by identity, role, binding, account and user', async () => {
    const alice = await world.credential(await world.token({ sub: 'alice' }));
    const bob = await world.credential(await world.token({ sub: 'bob' }), { role: 'reader' });
    const found = async (query: string) =>
      (await credentials(query)).credentials.map(({ user }) => user);
    expect(await found('?issuer=dev&subject=alice')).toEqual([alice.subject]);
    const url = encodeURIComponent(await issuerUrl());
    expect(await found(`?issuer=${url}&subject=alice`)).toEqual([alice.subject]);
    expect(await found('?role=reader')).toEqual([bob.subject]);
    expect(await found(`?user=${bob.subject}`)).toEqual([bob.subject]);
    expect((await found('?account=APP&binding=orders%20service')).toSorted()).toEqual(
      [alice.subject, bob.subject].toSorted(),
    );
    expect(await found('?subject=nobody')).toEqual([]);
  });

  test('come in pages, each credential once', async () => {
    const token = await world.token({ sub: 'alice' });
    const issued: string[] = [];
    for (let n = 0; n < 7; n += 1) issued.push((await world.credential(token)).subject);
    const seen: string[] = [];
    let next: string | null = '';
    do {
      const cursor: string = next ? `&cursor=${next}` : '';
      const page: CredentialsAnswer = await credentials(`?limit=3${cursor}`);
      expect(page.credentials.length).toBeLessThanOrEqual(3);
      seen.push(...page.credentials.map(({ user }) => user));
      ({ next } = page);
    } while (next !== null);
    expect(seen.toSorted()).toEqual(issued.toSorted());
  });

  test.each(['?limit=0', '?limit=1001', '?cursor=x', '?rol=reader', '?role=a&role=b'])(
    'are not listed for %s',
    async (query) => {
      const response = await call(`GET /admin/credentials${query}`);
      expect(await answerOf(response)).toEqual(
        problem(400, 'invalid_request', 'parameter_invalid'),
      );
    },
  );
});
