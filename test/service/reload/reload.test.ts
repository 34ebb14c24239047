import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { eventually } from '../../support/eventually.ts';
import { startServiceProcess } from '../../support/service-process.ts';
import {
  prepareService,
  type ServiceWorld,
  startServiceWorld,
} from '../../support/service-world.ts';
import { steadyStream } from '../../support/steady-stream.ts';

test('across reloads by file change and SIGHUP, valid and invalid, no request of a steady stream fails', async () => {
  await using ground = await prepareService({ nats: false });
  await using service = await startServiceProcess(ground);
  const token = await ground.token();
  const late = await ground.token({ sub: 'late' });
  await service.credential(token);
  const stream = steadyStream(() => service.exchange(token));
  const mayTake = async () => (await service.exchange(late)).status === 200;
  const bindings = (sub: string) =>
    ground.configure((tree) => {
      tree['bindings'][1] = { name: 'late', issuer: 'dev', match: { sub }, roles: ['publisher'] };
    });
  expect(await mayTake()).toBe(false);

  // A good file is live without anyone asking for it.
  await bindings('late');
  await service.logged('configuration reloaded');
  expect(await mayTake()).toBe(true);

  // An invalid one leaves the running policy in force, and every problem is logged.
  await ground.configure((tree) => {
    tree['bindings'][1].roles = ['nothing'];
    tree['bindings'][1].isuer = 'dev';
    tree['listn'] = {};
  });
  const refused = await service.logged('the changed configuration was refused');
  expect(refused).toMatchObject({ level: 'error' });
  const problems = (refused['problems'] as string[]).join('\n');
  for (const told of ['listn', 'isuer', 'line ']) expect(problems).toContain(told);
  expect(await mayTake()).toBe(true);
  expect(await (await fetch(`${service.url}/metrics`)).text()).toMatch(
    /^nats_sts_config_last_reload_success 0$/m,
  );

  // SIGHUP, again and again, while requests go on.
  await ground.configure((tree) => {
    delete tree['listn'];
    tree['bindings'].length = 1;
  });
  service.signal('SIGHUP');
  await eventually(async () => !(await mayTake()));
  const before = service.log.length;
  for (let round = 0; round < 5; round += 1) {
    service.signal('SIGHUP');
    await stream.answered(20);
  }
  await eventually(() => service.log.length > before);
  const { answered, failures } = await stream.stop();
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(100);
  expect(await (await fetch(`${service.url}/metrics`)).text()).toMatch(
    /^nats_sts_config_last_reload_success 1$/m,
  );
});

test('a change of a file that the configuration refers to takes effect, too', async () => {
  const next = createKeyPair('account');
  await using world = await startServiceWorld({ nats: false, watch: true });
  const token = await world.token();
  const before = await world.credential(token);
  expect(before.issuer).not.toBe(next.publicKey);
  await writeFile(join(world.folder, 'APP-0.nk'), next.seed());
  await eventually(async () => (await world.credential(token)).issuer === next.publicKey);
});

describe('a change that was refused', () => {
  const REFUSED = 'the changed configuration was refused';
  const taken = ({ log }: ServiceWorld) => log.text().includes('configuration reloaded');

  test.each([
    ['names a file that is missing', undefined],
    ['names a file that is empty', ''],
    ['names a file in a directory that is missing', undefined, 'later'],
  ])('because it %s is tried again when that file is right', async (_, before, inside = '.') => {
    await using world = await startServiceWorld({ nats: false, watch: true });
    const file = join(world.folder, inside, 'audience');
    if (before !== undefined) await writeFile(file, before);
    await world.configure((tree) => {
      tree['issuers'].dev.audience = [tree['issuers'].dev.audience, { file }];
      tree['bindings'] = [];
    });
    await eventually(() => world.log.text().includes(REFUSED));
    // The policy is tighter now, but not in force.
    expect((await world.exchange(await world.token())).status).toBe(200);
    expect(taken(world)).toBe(false);

    await mkdir(join(world.folder, inside), { recursive: true });
    await writeFile(file, 'second\n');
    await eventually(() => taken(world));
    expect((await world.exchange(await world.token())).status).toBe(403);
  });

  test('for the file of a setting that is read later, such as a certificate, is tried again, too', async () => {
    await using world = await startServiceWorld({ nats: false, watch: true });
    const file = join(world.folder, 'tls.pem');
    await world.configure((tree) => {
      tree['listen'].tls = { cert: file, key: file };
      tree['bindings'] = [];
    });
    await eventually(() => world.log.text().includes(REFUSED));
    const { cert, key } = selfSignedCertificate();
    await writeFile(file, `${cert}${key}`, { mode: 0o600 });
    await eventually(() => taken(world));
    expect((await world.exchange(await world.token())).status).toBe(403);
  });

  test('and is undone leaves nothing to try again', async () => {
    await using world = await startServiceWorld({ nats: false, watch: true });
    await world.write('nonsense');
    await eventually(() => world.log.text().includes(REFUSED));
    await world.write();
    await eventually(() => taken(world));
    expect((await world.exchange(await world.token())).status).toBe(200);
  });
});

test('issuers’ keys are kept across a reload: nothing is fetched, and an issuer that is down does not matter', async () => {
  await using world = await startServiceWorld({ nats: false });
  const token = await world.token();
  await world.credential(token);
  const fetched = world.issuer.requests.length;
  world.issuer.behave('discovery', { status: 500 });
  world.issuer.behave('jwks', { status: 500 });
  await world.configure((tree) => {
    tree['issuers'].dev.leeway = '1s';
  });
  expect(world.service.reload()).toBe(true);
  expect((await world.exchange(token)).status).toBe(200);
  expect(world.issuer.requests.length).toBe(fetched);
});

test('an issuer that a reload removes is no longer accepted', async () => {
  await using world = await startServiceWorld({ nats: false });
  const token = await world.token();
  await world.credential(token);
  await world.configure((tree) => {
    tree['issuers'].dev.issuer = 'http://127.0.0.1:1';
  });
  world.service.reload();
  expect(await (await world.exchange(token)).json()).toMatchObject({ reason: 'issuer_unknown' });
});

test('a setting that only a restart can change is logged, and the rest takes effect', async () => {
  await using world = await startServiceWorld({ nats: false });
  await world.configure((tree) => {
    tree['listen'].port = 1;
    tree['nats'].servers = ['nats://elsewhere.test'];
  });
  expect(world.service.reload()).toBe(true);
  expect(world.log.text()).toMatch(/"key":"listen".*only after a restart/);
  expect(await world.credential(await world.token())).toMatchObject({
    servers: ['nats://elsewhere.test'],
  });
});

test('a missing configuration file changes nothing', async () => {
  await using world = await startServiceWorld({ nats: false });
  await world.write('');
  expect(world.service.reload()).toBe(false);
  expect((await world.exchange(await world.token())).status).toBe(200);
});
