import { expect, test } from 'vitest';
import {
  type ConfigTree,
  JWT_TYPE,
  type ServiceWorld,
  startServiceWorld,
  TOKEN_EXCHANGE,
} from '../../support/service-world.ts';
import { answerOf, oauthError, problem } from '../answers.ts';

function limited(perAddress: number, perIdentity: number) {
  return (tree: ConfigTree) => {
    tree['rateLimit'] = {
      perAddress: { max: perAddress, every: '1h' },
      perIdentity: { max: perIdentity, every: '1h' },
    };
    tree['bindings'].push({
      name: 'all',
      issuer: 'dev',
      match: { sub: { glob: '*' } },
      roles: ['publisher'],
    });
  };
}

const TOO_MANY = problem(429, 'rate_limited', 'too_many_requests');

test('an address with too many requests gets 429 with Retry-After, at both doors, before anything is verified', async () => {
  await using world = await startServiceWorld({ nats: false, configure: limited(3, 100) });
  expect((await world.exchange('a.b.c')).status).toBe(401);
  expect((await world.exchange(await world.token())).status).toBe(200);
  expect((await world.tokenExchange({})).status).toBe(400);
  const refused = await world.exchange(await world.token());
  const seconds = Number(refused.headers.get('retry-after'));
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(3600);
  expect(await answerOf(refused)).toEqual(TOO_MANY);
  const oauth = await world.tokenExchange({});
  expect(oauth.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(await answerOf(oauth)).toEqual(oauthError(429, 'temporarily_unavailable'));
  // What never reached the exchange isn't recorded, or the log would grow at a stranger's will.
  expect(world.audit({ reason: 'too_many_requests' })).toEqual([]);
});

test('health and metrics are not limited', async () => {
  await using world = await startServiceWorld({ nats: false, configure: limited(1, 1) });
  for (const path of ['/livez', '/metrics', '/openapi.yaml']) {
    const statuses = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await fetch(world.url + path)).status);
    expect(statuses).toEqual([200, 200, 200]);
  }
});

test('administration and sign-out have a limit of their own, and the message states the period', async () => {
  await using world = await startServiceWorld({ nats: false, configure: limited(1, 100) });
  expect((await world.exchange('a.b.c')).status).toBe(401);
  const refused = await world.exchange('a.b.c');
  expect(await refused.json()).toMatchObject({
    detail: 'Too many requests from this address; the limit is 1 in 1 hour.',
  });
  const status = async (path: string) =>
    (await fetch(world.url + path, { redirect: 'manual' })).status;
  expect(await status('/login')).toBe(429);
  expect(await status('/admin/keys')).toBe(401);
  // One count for all of them.
  expect(await status('/console')).toBe(429);
  expect(await status('/logout')).toBe(429);
});

test('a page says once when to try again', async () => {
  await using world = await startServiceWorld({ nats: false, configure: limited(1, 100) });
  await fetch(`${world.url}/console`, { redirect: 'manual' });
  const page = await (await fetch(`${world.url}/console`)).text();
  expect(page.match(/again in/g)).toHaveLength(1);
  expect(page).toContain('the limit is 1 in 1 hour.');
});

test('an identity with too many requests gets 429, with any token and at any door; others do not', async () => {
  await using world = await startServiceWorld({ nats: false, configure: limited(100, 2) });
  const atTokenDoor = async (sub: string) =>
    world.tokenExchange({
      grant_type: TOKEN_EXCHANGE,
      subject_token: await world.token({ sub }),
      subject_token_type: JWT_TYPE,
    });
  expect((await world.exchange(await world.token({ sub: 'a' }))).status).toBe(200);
  expect((await atTokenDoor('a')).status).toBe(200);
  const refused = await world.exchange(await world.token({ sub: 'a', jti: 'another' }));
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(await answerOf(refused)).toEqual(TOO_MANY);
  expect(await answerOf(await atTokenDoor('a'))).toEqual(
    oauthError(429, 'temporarily_unavailable'),
  );
  expect((await world.exchange(await world.token({ sub: 'b' }))).status).toBe(200);
  expect(world.audit({ reason: 'too_many_requests' })).toMatchObject([
    { type: 'denied', identity: { subject: 'a' }, door: 'exchange' },
    { type: 'denied', identity: { subject: 'a' }, door: 'token' },
  ]);
});

test('an invalid token counts against nobody’s limit', async () => {
  await using world = await startServiceWorld({ nats: false, configure: limited(100, 1) });
  const token = await world.token();
  for (let n = 0; n < 3; n += 1) {
    expect((await world.exchange(`${token.slice(0, -8)}AAAAAAAA`)).status).toBe(401);
  }
  expect((await world.exchange(token)).status).toBe(200);
});

test('limits change with the configuration', async () => {
  await using world = await startServiceWorld({ nats: false, configure: limited(1, 100) });
  const status = async () => (await world.exchange(await world.token())).status;
  expect([await status(), await status()]).toEqual([200, 429]);
  await world.configure((tree) => {
    tree['rateLimit'].enabled = false;
  });
  world.service.reload();
  expect([await status(), await status()]).toEqual([200, 200]);
});

test('X-Forwarded-For is trusted only from a proxy that the configuration names', async () => {
  await using world = await startServiceWorld({ nats: false, configure: limited(1, 100) });
  const from = async (address: string) =>
    (await world.exchange('a.b.c', { headers: { 'x-forwarded-for': address } })).status;
  expect([await from('203.0.113.1'), await from('203.0.113.2')]).toEqual([401, 429]);
  expect(world.audit()).toMatchObject([{ address: '127.0.0.1' }]);
});

test('behind a trusted proxy, the closest address that is not a proxy’s counts and is recorded', async () => {
  await using world = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      limited(1, 100)(tree);
      tree['listen'].behindProxy = ['127.0.0.1', '10.0.0.0/8'];
    },
  });
  const from = async (address: string) =>
    (await world.exchange('a.b.c', { headers: { 'x-forwarded-for': address } })).status;
  // What the caller claims stands to the left of what the proxies saw.
  expect(await from('198.51.100.9, 203.0.113.1, 10.1.2.3')).toBe(401);
  expect(await from('198.51.100.10, 203.0.113.1')).toBe(429);
  expect(await from('203.0.113.2')).toBe(401);
  expect(addresses(world)).toEqual(['203.0.113.1', '203.0.113.2']);
});

test('an invalid X-Forwarded-For from a trusted proxy is not an address, and harms nobody', async () => {
  await using world = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      tree['listen'].behindProxy = '127.0.0.1';
    },
  });
  for (const absurd of [
    '',
    ',,,',
    'unknown',
    '999.1.2.3',
    `${'1.1.1.1, '.repeat(1000)}x`,
    '[::1',
    'é',
  ]) {
    const headers = { 'x-forwarded-for': Buffer.from(absurd).toString('latin1') };
    expect((await world.exchange(await world.token(), { headers })).status).toBe(200);
  }
  for (const address of addresses(world)) expect(address).toMatch(/^[0-9a-f.:]+$/);
});

test('limits on everything a stranger controls: beyond the concurrency limit, callers get 503 with Retry-After, and probes still answer', async () => {
  await using world = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      tree['limits'] = { concurrency: 4 };
    },
  });
  const token = await world.token();
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  };
  /** The first answer that says so, of many at once. */
  const overloaded = async (ask: () => Promise<Response>): Promise<Response> => {
    for (;;) {
      const answers = await Promise.all(Array.from({ length: 30 }, ask));
      const refused = answers.find(({ status }) => status === 503);
      if (refused) return refused;
    }
  };
  const refused = await overloaded(() => world.exchange(token));
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await answerOf(refused)).toEqual(problem(503, 'temporarily_unavailable', 'overloaded'));
  expect(await answerOf(await overloaded(() => world.tokenExchange(form)))).toEqual(
    oauthError(503, 'temporarily_unavailable'),
  );
  expect((await fetch(`${world.url}/livez`)).status).toBe(200);
  expect((await world.exchange(token)).status).toBe(200);
});

function addresses(world: ServiceWorld): (string | undefined)[] {
  return world.audit().map((event) => ('address' in event ? event.address : undefined));
}
