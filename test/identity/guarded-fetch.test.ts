import { gzipSync } from 'node:zlib';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { FetchFailed, guardedFetch, isLoopback } from '../../src/identity/guarded-fetch.ts';
import { startIssuer } from '../support/issuer.ts';

/** The message of the one fault that a guarded fetch may end in. */
async function failure(fetched: Promise<unknown>): Promise<string> {
  const fault: unknown = await fetched.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(fault instanceof FetchFailed)) throw new Error('expected FetchFailed', { cause: fault });
  return fault.message;
}

const get = guardedFetch({ allowInsecureHttp: true });

describe('a guarded fetch', () => {
  test('brings a JSON object and how long it may be kept', async () => {
    await using issuer = await startIssuer();
    const headers = { 'cache-control': 'public, max-age=600, must-revalidate' };
    issuer.behave('jwks', { body: '{"keys":[]}', headers });
    expect(await get(issuer.jwksUri)).toEqual({ body: { keys: [] }, maxAgeSeconds: 600 });
  });

  test('does not ask what the body is labelled as', async () => {
    await using issuer = await startIssuer();
    issuer.behave('jwks', {
      body: '{"keys":[]}',
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect(await get(issuer.jwksUri)).toMatchObject({ body: { keys: [] } });
  });

  test.each([
    'ftp://127.0.0.1/jwks',
    'file:///etc/passwd',
    'data:application/json,{}',
    'http://issuer.test/jwks',
    'http://169.254.169.254/latest/meta-data',
    'http://127.0.0.1.evil.test/jwks',
    'http://localhost.evil.test/jwks',
    'http://user@127.0.0.1/jwks',
    'https://user:password@issuer.test/jwks',
    'https://127.0.0.1:1@issuer.test/jwks',
    '//127.0.0.1/jwks',
    'jwks',
    '',
  ])('never asks for %s', async (url) => {
    let asked = 0;
    const counting = guardedFetch({
      allowInsecureHttp: true,
      fetch: async () => {
        asked++;
        return Response.json({});
      },
    });
    expect(await failure(counting(url))).toMatch(/^the address/);
    expect(asked).toBe(0);
  });

  test('asks for plain http only where the operator allowed it', async () => {
    await using issuer = await startIssuer();
    const strict = guardedFetch({ allowInsecureHttp: false });
    expect(await failure(strict(issuer.jwksUri))).toMatch(/neither https nor/);
    expect(issuer.requests).toEqual([]);
  });

  test('asks for https anywhere', async () => {
    const asked: string[] = [];
    const recording = guardedFetch({
      allowInsecureHttp: false,
      fetch: async (url) => {
        asked.push(url);
        return Response.json({});
      },
    });
    await recording('https://issuer.test/jwks?v=1');
    expect(asked).toEqual(['https://issuer.test/jwks?v=1']);
  });

  test('does not follow redirects', async () => {
    await using issuer = await startIssuer();
    await using other = await startIssuer();
    issuer.behave('jwks', { redirectTo: other.jwksUri });
    expect(await failure(get(issuer.jwksUri))).toMatch(
      /redirects, and redirects are not followed$/,
    );
    expect(other.requests).toEqual([]);
  });

  test('gives up after its time limit, before the answer and within it', async () => {
    await using issuer = await startIssuer();
    const hasty = guardedFetch({ allowInsecureHttp: true, timeoutMilliseconds: 20 });
    issuer.behave('jwks', 'hang');
    expect(await failure(hasty(issuer.jwksUri))).toMatch(/did not answer within 20 ms$/);
    issuer.behave('jwks', 'trickle');
    expect(await failure(hasty(issuer.jwksUri))).toMatch(/did not answer within 20 ms$/);
  });

  test('reads 512 KiB and not a byte more', async () => {
    await using issuer = await startIssuer();
    const limit = 512 * 1024;
    const bodyOf = (bytes: number) => `{"keys":"${'x'.repeat(bytes - 11)}"}`;
    issuer.behave('jwks', { body: bodyOf(limit) });
    expect(await get(issuer.jwksUri)).toMatchObject({ body: {} });
    issuer.behave('jwks', { body: bodyOf(limit + 1) });
    expect(await failure(get(issuer.jwksUri))).toMatch(/sent more than 524288 bytes$/);
  });

  test('leaves off reading a body that never ends', async () => {
    await using issuer = await startIssuer();
    issuer.behave('jwks', 'endless');
    expect(await failure(get(issuer.jwksUri))).toMatch(/sent more than 524288 bytes$/);
  });

  test('counts what a compressed body unfolds to', async () => {
    await using issuer = await startIssuer();
    issuer.behave('jwks', {
      body: gzipSync(`{"keys":"${'x'.repeat(1024 * 1024)}"}`),
      headers: { 'content-encoding': 'gzip' },
    });
    expect(await failure(get(issuer.jwksUri))).toMatch(/sent more than 524288 bytes$/);
  });

  test.each(['[]', 'null', '"keys"', '<html>SECRET</html>', '{"keys":', ''])(
    'takes nothing but a JSON object: %s',
    async (body) => {
      await using issuer = await startIssuer();
      issuer.behave('jwks', { body });
      expect(await failure(get(issuer.jwksUri))).toMatch(/did not answer with a JSON object$/);
    },
  );

  test('never echoes what the other side sent', async () => {
    await using issuer = await startIssuer();
    for (const behaviour of [
      { status: 500, body: 'SECRET' },
      { body: 'SECRET' },
      { redirectTo: 'http://127.0.0.1/SECRET' },
    ]) {
      issuer.behave('jwks', behaviour);
      expect(await failure(get(issuer.jwksUri))).not.toContain('SECRET');
    }
  });

  test('says of an issuer that is down what the system says', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    expect(await failure(get(`http://127.0.0.1:${port}/jwks`))).toBe(
      `127.0.0.1:${port} could not be reached (ECONNREFUSED)`,
    );
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.255.0.3', true],
  ['[::1]', true],
  ['localhost', true],
  ['127.0.0.1.evil.test', false],
  ['localhost.evil.test', false],
  ['0.0.0.0', false],
  ['[::]', false],
  ['10.0.0.1', false],
])('loopback: %s is %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
