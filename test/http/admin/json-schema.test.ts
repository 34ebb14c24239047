import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { credentialsAnswer } from '../../../src/admin-api/credentials.ts';
import { keysAnswer, rotateBody } from '../../../src/admin-api/keys.ts';
import { revocationsAnswer, revokeBody } from '../../../src/admin-api/revocations.ts';
import { answerSchema, orNoBody, requestSchema } from '../../../src/http/admin/json-schema.ts';

/** What Fastify sends of an answer. */
async function sent(contract: z.ZodType, answer: object): Promise<unknown> {
  const app = Fastify();
  app.get('/', { schema: { response: { 200: answerSchema(contract) } } }, () => answer);
  return (await app.inject('/')).json();
}

/** The status with which Fastify answers this body. */
async function statusOf(body: object, sends: object | undefined): Promise<number> {
  const app = Fastify({ ajv: { customOptions: { removeAdditional: false, coerceTypes: false } } });
  app.post('/', { schema: { body } }, () => ({}));
  return (await app.inject({ method: 'POST', url: '/', ...(sends && { payload: sends }) }))
    .statusCode;
}

const credential = {
  user: 'U',
  account: 'APP',
  role: 'reader',
  binding: 'b',
  issuer: 'dev',
  subject: 'alice',
  actor: { issuer: 'dev', subject: 'bob' },
  signing_key: 'A',
  issued_at: 1,
  expires_at: 2,
};
const revocation = {
  id: '5da3cbcadb2a',
  target: { issuer: 'dev', subject: 'alice' },
  reason: 'left',
  block: true,
  at: 1,
  until: 2,
  by: { issuer: 'dev', subject: 'admin' },
  credentials: 0,
};

test('an answer is sent without anything that the contract does not name', async () => {
  const secret = { secret: 's', seed: 'SU' };
  const credentials = {
    credentials: [{ ...credential, ...secret, actor: { ...credential.actor, ...secret } }],
    next: null,
    total: 7,
  };
  expect(await sent(credentialsAnswer, credentials)).toEqual({
    credentials: [credential],
    next: null,
  });
  const { target, by } = revocation;
  const revocations = {
    revocations: [
      { ...revocation, ...secret, target: { ...target, ...secret }, by: { ...by, ...secret } },
    ],
  };
  expect(await sent(revocationsAnswer, revocations)).toEqual({ revocations: [revocation] });
});

test.each([
  { issuer: 'dev', subject: 'x'.repeat(2000) },
  { nkey: 'U' },
  { role: 'reader' },
  { binding: 'b' },
])('each kind of target is sent as it is: %#', async (target) => {
  const answer = { revocations: [{ ...revocation, target }] };
  expect(await sent(revocationsAnswer, answer)).toEqual(answer);
});

test('a reader refuses a target that is narrowed in a way it does not know', () => {
  const read = (target: object) =>
    revocationsAnswer.safeParse({ revocations: [{ ...revocation, target }] }).success;
  expect(read({ role: 'reader' })).toBe(true);
  expect(read({ role: 'reader', binding: 'b' })).toBe(false);
  expect(read({ role: 'reader', account: 'APP' })).toBe(false);
});

test('only the template of a key is open: NATS may add limits', () => {
  const open: string[] = [];
  const look = (path: string, value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ((value as z.core.JSONSchema.BaseSchema).additionalProperties) open.push(path);
    for (const [name, member] of Object.entries(value)) look(`${path}/${name}`, member);
  };
  for (const answer of [keysAnswer, credentialsAnswer, revocationsAnswer]) {
    look('', answerSchema(answer));
  }
  expect(open).toEqual([expect.stringMatching(/slots\/items\/properties\/template$/)]);
});

test('a value that may be null has one schema with two types', () => {
  expect(answerSchema(z.object({ at: z.int().nullable().describe('When.') }))).toEqual({
    type: 'object',
    properties: { at: { type: ['integer', 'null'], description: 'When.' } },
    required: ['at'],
  });
});

test('a body with a member that the contract does not name is refused', async () => {
  const body = requestSchema(revokeBody);
  expect(await statusOf(body, { reason: 'r', role: 'reader', nkey: null })).toBe(200);
  expect(await statusOf(body, { reason: 'r', role: 'reader', blok: true })).toBe(400);
});

test('a rotation needs no body, but its members must not be null: that would rotate more', async () => {
  const body = orNoBody(requestSchema(rotateBody));
  expect(await statusOf(body, undefined)).toBe(200);
  expect(await statusOf(body, { role: 'reader' })).toBe(200);
  expect(await statusOf(body, { role: null })).toBe(400);
});
