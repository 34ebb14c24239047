import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { eventually } from '../support/eventually.ts';
import { createTestKey } from '../support/issuer.ts';
import { sendRaw } from '../support/raw-http.ts';
import { JWT_TYPE, startServiceWorld, TOKEN_EXCHANGE } from '../support/service-world.ts';
import { answerOf, problem } from './answers.ts';

interface Readiness {
  readonly ready: boolean;
  readonly parts: Readonly<
    Record<string, { ready: boolean; essential: boolean; message?: string }>
  >;
}

async function readiness(url: string): Promise<Readiness & { status: number }> {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, ...((await response.json()) as Readiness) };
}

test('/livez says ok, and nothing about the parts', async () => {
  await using world = await startServiceWorld({ nats: false });
  const response = await fetch(`${world.url}/livez`);
  expect([response.status, await response.text()]).toEqual([200, 'ok\n']);
});

test('/readyz is ready if every part is, and lists the parts', async () => {
  await using world = await startServiceWorld({ nats: false });
  const ready = await eventually(async () => {
    const state = await readiness(world.url);
    return state.ready && state;
  });
  expect(ready).toEqual({
    status: 200,
    ready: true,
    parts: {
      service: { ready: true, essential: true },
      audit: { ready: true, essential: true },
      'issuer:dev': { ready: true, essential: false },
      'account:APP': { ready: true, essential: false },
    },
  });
});

test('/readyz says which issuer is down; it is not ready only if all are down', async () => {
  const key = await createTestKey();
  await using world = await startServiceWorld({
    nats: false,
    configure: (tree, { issuer }) => {
      issuer.behave('jwks', { status: 500, body: 'secret words of the issuer' });
      tree.issuers.files = {
        issuer: 'https://air-gapped.test',
        audience: 'nats-sts',
        jwks: { keys: [key.jwk] },
      };
    },
  });
  const told = await eventually(async () => {
    const state = await readiness(world.url);
    return state.parts['issuer:dev']?.message?.includes('500') && state;
  });
  expect(told).toMatchObject({
    status: 200,
    ready: true,
    parts: { 'issuer:dev': { ready: false, essential: false } },
  });
  expect(JSON.stringify(told)).not.toContain('secret words');

  await world.configure((tree) => {
    delete tree['issuers'].files;
  });
  expect(world.service.reload()).toBe(true);
  expect(await readiness(world.url)).toMatchObject({
    status: 503,
    ready: false,
    parts: { 'issuer:dev': { ready: false, essential: true }, audit: { ready: true } },
  });
});

test('/readyz says that the service cannot write the audit log, until it can', async () => {
  await using world = await startServiceWorld({ nats: false });
  // Another program that holds the write lock: no record gets in meanwhile.
  const other = new DatabaseSync(world.storeFile);
  other.exec('BEGIN IMMEDIATE');
  const refused = await world.exchange(await world.token());
  expect(refused.headers.get('retry-after')).toBe('5');
  expect(await answerOf(refused)).toEqual(
    problem(503, 'temporarily_unavailable', 'audit_unavailable'),
  );
  expect(await readiness(world.url)).toMatchObject({
    status: 503,
    ready: false,
    parts: { audit: { ready: false, message: 'cannot write the audit log' } },
  });
  other.exec('ROLLBACK');
  other.close();
  await eventually(async () => (await readiness(world.url)).ready);
  // Told once for the whole outage, with its cause.
  expect(world.log.lines.filter((line) => line.includes('cannot write the audit log'))).toEqual([
    expect.stringContaining('database is locked'),
  ]);
  expect(world.log.text()).toContain('can be written again');
  expect((await world.exchange(await world.token())).status).toBe(200);
});

test('/metrics is in the text format, and counts exchanges by door and outcome', async () => {
  await using world = await startServiceWorld({ nats: false });
  const token = await world.token();
  await world.credential(token);
  await world.credential(token);
  await world.exchange('a.b.c');
  await world.exchange(await world.token({ sub: 'nobody' }));
  await world.tokenExchange({
    grant_type: TOKEN_EXCHANGE,
    subject_token: token,
    subject_token_type: JWT_TYPE,
  });

  const response = await fetch(`${world.url}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const samples = parseMetrics(await response.text());
  expect(Object.fromEntries(samples)).toMatchObject({
    'nats_sts_exchanges_total{door="exchange",outcome="issued"}': 2,
    'nats_sts_exchanges_total{door="exchange",outcome="token_malformed"}': 1,
    'nats_sts_exchanges_total{door="exchange",outcome="no_binding"}': 1,
    'nats_sts_exchanges_total{door="token",outcome="issued"}': 1,
    'nats_sts_credentials_issued_total{issuer="dev",role="publisher"}': 3,
    'nats_sts_exchange_duration_seconds_count{door="exchange"}': 4,
    'nats_sts_exchange_duration_seconds_count{door="token"}': 1,
    'nats_sts_issuer_ready{issuer="dev"}': 1,
    nats_sts_config_last_reload_success: 1,
    nats_sts_faults_total: 0,
  });
});

/** Every sample by name and labels; throws at the first line that is none and no comment. */
function parseMetrics(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || /^# (?:HELP|TYPE) /.test(line)) continue;
    const match = /^([a-zA-Z_:][\w:]*(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\]|\\.)*",?)*\})?) (\S+)$/.exec(
      line,
    );
    if (!match?.[1] || !match[2]) throw new Error(`no sample: ${line}`);
    samples.set(match[1], Number(match[2].replace('+Inf', 'Infinity')));
  }
  return samples;
}

test('/openapi.yaml is the file of the repository', async () => {
  await using world = await startServiceWorld({ nats: false });
  const response = await fetch(`${world.url}/openapi.yaml`);
  expect(response.headers.get('content-type')).toBe('application/yaml');
  const text = await response.text();
  expect(text).toBe(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8'));
  const { paths } = parse(text) as { paths: object };
  for (const path of ['/exchange', '/token', '/readyz']) expect(paths).toHaveProperty([path]);
});

test('the authorization server metadata (RFC 8414) names the public URL, not the one behind the proxy', async () => {
  await using world = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      tree.publicUrl = 'https://sts.example.com/nats/';
    },
  });
  const response = await fetch(`${world.url}/.well-known/oauth-authorization-server`);
  expect(await response.json()).toMatchObject({
    issuer: 'https://sts.example.com/nats',
    token_endpoint: 'https://sts.example.com/nats/token',
    grant_types_supported: [TOKEN_EXCHANGE],
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ['none'],
  });
});

test('an unknown path is a 404; a known path with another method is a 405 with Allow', async () => {
  await using world = await startServiceWorld({ nats: false });
  const to = (method: string, path: string) => fetch(world.url + path, { method });
  for (const path of ['/nothing', '/exchange/', '//exchange', '/EXCHANGE', '/livez/x']) {
    expect(await answerOf(await to('POST', path))).toEqual(problem(404, 'not_found', 'not_found'));
  }
  for (const [method, path, allow] of [
    ['GET', '/exchange', 'POST'],
    ['OPTIONS', '/exchange', 'POST'],
    ['DELETE', '/token?x=/livez', 'POST'],
    ['POST', '/livez', 'GET, HEAD'],
    ['POST', '/', 'GET, HEAD'],
    ['PUT', '/.well-known/oauth-authorization-server', 'GET, HEAD'],
  ] as const) {
    const response = await to(method, path);
    expect(response.headers.get('allow')).toBe(allow);
    expect(await answerOf(response)).toEqual(
      problem(405, 'method_not_allowed', 'method_not_allowed'),
    );
  }
  const head = await to('HEAD', '/readyz');
  expect(await head.text()).toBe('');
  expect((await to('HEAD', '/exchange')).status).toBe(405);
});

test('a path that a router could take for a pattern, or that cannot be decoded, is a 4xx in our form', async () => {
  await using world = await startServiceWorld({ nats: false });
  for (const path of ['/:a(((', '/:x/:x', '/*', '/a**', '/:a(^\\d+$)', '/%2e%2e%2f', '/a;b']) {
    const answer = await answerOf(await fetch(world.url + path));
    expect({ path, ...answer }).toEqual({
      path,
      ...problem(404, 'not_found', 'not_found'),
    });
  }
  const answer = await answerOf(await fetch(`${world.url}/%zz`));
  expect(answer).toEqual(problem(400, 'invalid_request', 'request_malformed'));
});

test('no answer can be read as a content type other than its own', async () => {
  await using world = await startServiceWorld({ nats: false });
  for (const [path, method] of [
    ['/livez', 'GET'],
    ['/readyz', 'GET'],
    ['/metrics', 'GET'],
    ['/openapi.yaml', 'GET'],
    ['/.well-known/oauth-authorization-server', 'GET'],
    ['/', 'GET'],
    ['/exchange', 'POST'],
    ['/exchange', 'GET'],
    ['/token', 'POST'],
    ['/admin/keys', 'GET'],
    ['/nothing', 'GET'],
    ['/%ff', 'GET'],
  ] as const) {
    const { headers } = await fetch(world.url + path, { method, redirect: 'manual' });
    expect([path, method, headers.get('x-content-type-options')]).toEqual([
      path,
      method,
      'nosniff',
    ]);
  }
  const { text } = await sendRaw(world.url, 'no HTTP\r\n\r\n');
  expect(text).toMatch(/\r\nx-content-type-options: nosniff\r\n/i);
});
