import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServiceWorld, startServiceWorld } from '../../support/service-world.ts';
import { textOf } from '../../support/people-html.ts';
import { answerOf, problem } from '../answers.ts';

/** What goes wrong around the routes is told in the form, and in the words, of whoever reads it. */

let world: ServiceWorld;
beforeAll(async () => {
  world = await startServiceWorld({ nats: false });
});
afterAll(() => world[Symbol.asyncDispose]());

describe.each(['/%', '/%zz', '/login/%ff'])('a path that cannot be decoded (%s)', (path) => {
  test('is a page for browsers, with the ID of the request', async () => {
    const headers = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
    const response = await fetch(world.url + path, { headers });
    expect(response.status).toBe(400);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      vary: 'accept',
    });
    const text = textOf(await response.text());
    expect(text).toContain('The URL path is malformed.');
    expect(text).toMatch(/give this ID: [0-9a-f-]{36}/);
  });

  test.each(['*/*', 'application/json'])('is a problem for programs (%s)', async (accept) => {
    const response = await fetch(world.url + path, { headers: { accept } });
    expect(await answerOf(response)).toEqual(problem(400, 'invalid_request', 'request_malformed'));
  });
});

test.each([
  [[], 'the body must be an object'],
  ['text', 'the body must be an object'],
  [{ role: 1 }, 'role must be a string'],
  [{ ttl: '60' }, 'ttl must be an integer'],
])('a value of the wrong type is explained in plain words: %j, %s', async (body, words) => {
  const response = await fetch(`${world.url}/exchange`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(await response.json()).toMatchObject({
    detail: `The request is not valid: ${words}.`,
    reason: 'parameter_invalid',
  });
});

test('RFC 6749 §5.2: an error_description has only allowed characters, and none of them is a replacement', async () => {
  const response = await fetch(`${world.url}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'x.y.z',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      nkey: 'UNKNOWN',
    }),
  });
  expect(await response.json()).toMatchObject({
    error: 'invalid_request',
    error_description: 'The nkey is not a public user key (U...).',
  });
});
