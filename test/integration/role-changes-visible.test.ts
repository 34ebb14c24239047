import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KeysAnswer } from '../../src/admin-api/keys.ts';
import { natsSts } from '../cli/command-line.ts';
import { adminRequest } from '../http/admin/admin-client.ts';
import { eventually } from '../support/eventually.ts';
import type { ClusterNode } from '../support/nats-cluster.ts';
import {
  apartFromRotator,
  type RotationWorld,
  startRotationWorld,
} from '../support/rotation-world.ts';
import { JWT_TYPE, TOKEN_EXCHANGE } from '../support/service-world.ts';

/** One server hangs while a role is added and another changed: their keys wait for it. */

let world: RotationWorld;
let hung: ClusterNode;
let tokenFile: string;

beforeAll(async () => {
  world = await startRotationWorld({
    configure: (tree) => {
      tree['accounts'].APP.rotation = { every: '7d', grace: '10s' };
      tree['roles'].publisher.maxTtl = '1h';
      tree['bindings'][0].roles = ['publisher'];
    },
  });
  hung = apartFromRotator(world);
  await hung.pause();
  await world.configure((tree) => {
    tree['roles'].publisher.publish.allow.push('news.>');
    tree['roles'].reader = { account: 'APP', subscribe: { allow: ['news.>'] } };
    tree['bindings'][0].roles = ['publisher', 'reader'];
  });
  world.service.reload();
  tokenFile = join(world.folder, 'token');
  await writeFile(tokenFile, await world.token());
  // Until then it says that the key is being made, or is on its way to servers that it has not asked yet.
  await eventually(async () => stagedOf(await keys(), 'reader')?.waits_for.includes(hung.name));
});
afterAll(() => world[Symbol.asyncDispose]());

async function keys(): Promise<KeysAnswer> {
  const token = await world.token({ sub: 'admin' });
  return (await (await adminRequest(world.url, 'GET /admin/keys', { token })).json()) as KeysAnswer;
}

function stagedOf({ accounts }: KeysAnswer, slot: string) {
  return accounts[0]?.keys.find((key) => key.slot === slot && key.state === 'staged');
}

const cli = async (command: string, ...args: readonly string[]) =>
  natsSts(...command.split(' '), '--url', world.url, '--token-file', tokenFile, ...args);

test('an exchange for a new role says that its key is on its way, and when to ask again', async () => {
  const response = await world.exchange(await world.token(), { role: 'reader' });
  expect(response.status).toBe(503);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await response.json()).toMatchObject({
    code: 'temporarily_unavailable',
    reason: 'signing_key_pending',
    detail: expect.stringMatching(
      /^The signing key of role reader is not on every NATS server yet\. Try again soon\.$/,
    ),
  });
  // Names of servers are for operators.
  const [denied] = world.audit({ type: 'denied', reason: 'signing_key_pending' });
  expect(denied).toMatchObject({ detail: expect.stringContaining(hung.name) });
});

test('an exchange for a changed role says that the credential has the permissions of before', async () => {
  const token = await world.token();
  const answer = await world.credential(token, { role: 'publisher' });
  expect(answer).toMatchObject({ new_permissions_in: expect.any(Number) });
  const text = await world.exchange(token, { role: 'publisher', accept: 'text/plain' });
  expect(text.headers.get('new-permissions-in')).toMatch(/^\d+$/);
  const oauth = await fetch(`${world.url}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: TOKEN_EXCHANGE,
      subject_token: token,
      subject_token_type: JWT_TYPE,
      scope: 'publisher',
    }),
  });
  expect(await oauth.json()).toMatchObject({ new_permissions_in: expect.any(Number) });
});

test('nats-sts exchange says so on stderr, and gives up with --wait when it takes too long', async () => {
  const out = join(world.folder, 'old.creds');
  const added = await cli('exchange', '--role', 'reader', '--out', out);
  expect(added.err.match(/retry after \d+ s/g)).toHaveLength(1);
  const changed = await cli('exchange', '--role', 'publisher', '--out', out);
  expect(changed.exitCode).toBe(0);
  expect(changed.err).toMatch(
    /role publisher was changed, and this credential still has the old permissions; in about \d+s/,
  );
  for (const role of ['publisher', 'reader']) {
    const late = await cli('exchange', '--role', role, '--wait=1s', '--out', `${out}.${role}`);
    expect(late.exitCode).toBe(5);
    expect(late.err).toMatch(/gave up after 1s: .*role/);
    await expect(readFile(`${out}.${role}`)).rejects.toThrow('ENOENT');
  }
});

test('nats-sts explain, beside the service, says what the role waits for', async () => {
  const args = ['explain', '--config', world.configFile, '--token-file', tokenFile];
  const added = await natsSts(...args, '--role', 'reader');
  expect(added.out).toContain('no key signs for this role yet, and exchanges fail with 503');
  expect(added.out).toContain(`not on every NATS server yet (${hung.name})`);
  const changed = await natsSts(...args, '--role', 'publisher', '--json');
  expect(JSON.parse(changed.out)).toMatchObject({
    grant: { role: { name: 'publisher' } },
    signingKey: { until: 'outdated key', waitsFor: [hung.name] },
  });
});

test('keys list says which server a key waits for', async () => {
  const [account] = (await keys()).accounts;
  expect(account?.slots).toEqual([
    expect.objectContaining({ slot: 'publisher', signs: 'outdated' }),
    expect.objectContaining({ slot: 'reader', signs: 'nothing' }),
  ]);
  await writeFile(tokenFile, await world.token({ sub: 'admin' }));
  const { out } = await cli('keys list');
  await writeFile(tokenFile, await world.token());
  expect(out).toContain(`signs once every server has it, not on every server yet (${hung.name})`);
  expect(out).toContain('with the old permissions');
});

test('nats-sts exchange --wait waits until the keys sign, with a token that is read again', async () => {
  const waiting = ['reader', 'publisher'].map(async (role) => {
    const out = join(world.folder, `${role}.creds`);
    const { exitCode, err } = await cli('exchange', '--role', role, '--wait', '5m', '--out', out);
    return { exitCode, err, creds: await readFile(out, 'utf8') };
  });
  hung.resume();
  for (const { exitCode, err, creds } of await Promise.all(waiting)) {
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    await world.connect(creds);
  }
  const answer = await world.credential(await world.token(), { role: 'publisher' });
  expect(answer).not.toHaveProperty('new_permissions_in');
});

describe.each([
  ['stopped', 'late'],
  ['hung', 'later'],
] as const)('while all of NATS is %s, with one more role and another change', (how, role) => {
  const unknown = /the wait is unknown/;

  beforeAll(async () => {
    const { nodes } = world.cluster;
    await Promise.all(nodes.map((node) => (how === 'stopped' ? node.stop() : node.pause())));
    await world.configure((tree) => {
      tree['roles'].publisher.publish.allow.push(`${role}.>`);
      tree['roles'][role] = { account: 'APP', subscribe: { allow: [`${role}.>`] } };
      tree['bindings'][0].roles = ['publisher', role];
    });
    world.service.reload();
    await eventually(async () => (await keys()).accounts[0]?.obstacle);
    await writeFile(tokenFile, await world.token());
  });

  test('exchanges promise no time', async () => {
    const token = await world.token();
    // What the rotator noted reaches the exchange a moment later.
    const response = await eventually(async () => {
      const answer = await world.exchange(token, { role });
      return answer.headers.get('retry-after') === '30' && answer;
    });
    expect(await response.json()).toMatchObject({
      reason: 'signing_key_pending',
      detail: `The signing key of role ${role} is not created yet. Nobody knows how long that takes: the rotator cannot work with the NATS servers now. Try again later.`,
    });
    const [denied] = world.audit({ type: 'denied', reason: 'signing_key_pending' }).toReversed();
    expect(denied).toMatchObject({ detail: expect.stringContaining('NATS') });
    const changed = await world.credential(token, { role: 'publisher' });
    expect(changed).toMatchObject({ new_permissions_in: 30 });
  });

  test('explain, keys list and readyz say why', async () => {
    const args = ['explain', '--config', world.configFile, '--token-file', tokenFile];
    for (const waiting of [role, 'publisher']) {
      expect((await natsSts(...args, '--role', waiting)).out).toMatch(unknown);
    }
    await writeFile(tokenFile, await world.token({ sub: 'admin' }));
    const { out } = await cli('keys list');
    await writeFile(tokenFile, await world.token());
    expect(out).toMatch(/its keys cannot be rotated now: .*NATS/);
    expect(out).not.toContain('signs within seconds');
    const ready = await (await fetch(`${world.url}/readyz`)).text();
    expect(ready).toContain(
      `no signing key can sign now for ${role}: the rotator cannot work with the NATS servers`,
    );
  });

  test('nats-sts exchange says once when to ask again', async () => {
    const out = join(world.folder, `${role}.creds`);
    const { exitCode, err } = await cli('exchange', '--role', role, '--out', out);
    expect(exitCode).toBe(5);
    expect(err.match(/retry after 30 s/g)).toHaveLength(1);
  });

  test('once NATS is back, the keys sign and nothing is in the way', async () => {
    for (const node of world.cluster.nodes) {
      if (how === 'stopped') await node.restart();
      else node.resume();
    }
    await eventually(async () => {
      const response = await world.exchange(await world.token(), { role });
      return response.status === 200;
    });
    await eventually(async () => (await keys()).accounts[0]?.obstacle === null);
    expect((await world.exchange(await world.token(), { role })).status).toBe(200);
  });
});
