import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { createTestKey } from '../support/issuer.ts';
import { startServiceWorld } from '../support/service-world.ts';
import { steadyStream } from '../support/steady-stream.ts';

/** What becomes of callers while their issuer rolls its keys over, or is down. */

test('a key rollover at the issuer goes without a failed request', async () => {
  await using world = await startServiceWorld({ nats: false });
  const old = world.issuer.key;
  await world.credential(await world.token());
  const stream = steadyStream(async () => world.exchange(await world.token()));
  await stream.answered(10);
  const next = await createTestKey();
  // The issuer publishes both, and signs with the new one from now on.
  world.issuer.publish(old, next);
  await stream.answered(20);
  const { failures } = await stream.stop();
  expect(failures).toEqual([]);
  expect(world.issuer.key.kid).toBe(next.kid);
});

test('keys that cannot be used are named in the log once, on /readyz, and to callers whose tokens they sign', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  await using world = await startServiceWorld({
    nats: false,
    configure: (_tree, { issuer }) => {
      const weak = {
        ...publicKey.export({ format: 'jwk' }),
        kid: 'weak',
        alg: 'RS256',
        use: 'sig',
      };
      const more = Array.from({ length: 300 }, (_, n) => ({ ...issuer.key.jwk, kid: `k${n}` }));
      issuer.publish(issuer.key, weak, ...more);
    },
  });
  await world.credential(await world.token());
  const logged = () => world.log.text().split('some keys of an issuer cannot be used').length - 1;
  await eventually(() => logged() === 1);
  const said = [
    'the key set has 301 keys, and only the first 256 are kept',
    'is weak: RSA with 1024 bits',
  ];
  for (const words of said) expect(world.log.text()).toContain(words);
  const ready = await fetch(`${world.url}/readyz`);
  const { parts } = (await ready.json()) as { parts: Record<string, { message: string }> };
  expect(ready.status).toBe(200);
  for (const words of said)
    expect(parts['issuer:dev']).toMatchObject({
      ready: true,
      message: expect.stringContaining(words),
    });
  const refused = await world.exchange(await world.token({}, { kid: 'weak' }));
  expect(await refused.json()).toMatchObject({
    reason: 'key_unusable',
    detail: expect.stringContaining('1024 bits'),
  });
  expect(logged()).toBe(1);
});

test('an issuer that is down at startup is retried, and its tokens are accepted once it is up', async () => {
  await using world = await startServiceWorld({
    nats: false,
    configure: (_tree, { issuer }) => {
      issuer.behave('discovery', { status: 503, body: 'words of the issuer' });
    },
  });
  const token = await world.token();
  const refused = await eventually(async () => {
    const response = await world.exchange(token);
    return response.status === 503 && response;
  });
  expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  const text = await refused.text();
  expect(JSON.parse(text)).toMatchObject({
    code: 'temporarily_unavailable',
    reason: 'issuer_unavailable',
  });
  await eventually(() => world.log.text().includes('cannot fetch the keys of an issuer'));
  // Upstream bodies are never echoed.
  expect(text + world.log.text()).not.toContain('words of the issuer');
  world.issuer.behave('discovery', 'normal');
  await eventually(async () => (await world.exchange(token)).status === 200);
});

test('an issuer that goes down later: known keys still work, and a token of an unknown key must wait', async () => {
  await using world = await startServiceWorld({ nats: false });
  const token = await world.token();
  await world.credential(token);
  world.issuer.behave('discovery', { status: 500 });
  world.issuer.behave('jwks', { status: 500 });
  const unknown = await world.token({}, { kid: 'unknown' });
  const refused = await world.exchange(unknown);
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect((await world.exchange(token)).status).toBe(200);
  const ready = await fetch(`${world.url}/readyz`);
  expect(ready.status).toBe(200);
});

test('an issuer that is down does not affect callers of another', async () => {
  const key = await createTestKey();
  await using world = await startServiceWorld({
    nats: false,
    configure: (tree, { issuer }) => {
      issuer.behave('discovery', 'hang');
      tree.issuers.files = {
        issuer: 'https://air-gapped.test',
        audience: 'nats-sts',
        jwks: { keys: [key.jwk] },
      };
      tree.bindings[0].issuer = 'files';
    },
  });
  world.issuer.publish(key);
  const token = await world.token({ iss: 'https://air-gapped.test' });
  expect((await world.exchange(token)).status).toBe(200);
});
