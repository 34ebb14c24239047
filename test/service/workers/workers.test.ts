import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { expect, test } from 'vitest';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { eventually } from '../../support/eventually.ts';
import { keepAsking } from '../../support/keep-alive-client.ts';
import {
  failedStart,
  type ServiceProcess,
  startServiceProcess,
} from '../../support/service-process.ts';
import { type ConfigTree, prepareService } from '../../support/service-world.ts';
import { steadyStream } from '../../support/steady-stream.ts';
import { childrenOf, isRunning, lanes, metric } from '../../support/worker-lanes.ts';
import { createJetStreamWorld } from '../../store/jetstream/world.ts';

const ISSUED = 'nats_sts_exchanges_total{door="exchange",outcome="issued"}';

function prepareWorkers(configure: (tree: ConfigTree, folder: string) => void = () => {}) {
  return prepareService({
    nats: false,
    configure: (tree, { folder }) => {
      tree['workers'] = 2;
      tree['admin'] = [{ issuer: 'dev', match: { sub: 'admin' } }];
      configure(tree, folder);
    },
  });
}

const lines = (service: ServiceProcess, text: string) =>
  service.log.filter(({ msg }) => String(msg).includes(text));

test('every worker answers, all records are in one audit log, and the metrics add up', async () => {
  await using ground = await prepareWorkers();
  await using service = await startServiceProcess(ground);
  const token = await ground.token();
  const both = await lanes(service);
  for (const lane of both) {
    for (let n = 0; n < 3; n += 1)
      expect(await lane.exchange(token)).toMatchObject({ status: 200 });
  }
  expect(ground.audit({ type: 'issued' })).toHaveLength(6);
  for (const lane of both) {
    const { body } = await lane.ask('GET', '/metrics', token);
    expect(body).toContain(`\n${ISSUED} 6\n`);
    expect(body).toContain('\nnats_sts_workers 2\n');
    expect(body).toMatch(/^nats_sts_build_info\{version="[^"]+"\} 1$/m);
    expect(body).toMatch(/^nats_sts_issuer_ready\{issuer="dev"\} 1$/m);
    expect(body).toMatch(/^process_start_time_seconds \d+/m);
  }
  expect(await (await fetch(`${service.url}/readyz`)).json()).toMatchObject({ ready: true });
  expect(lines(service, 'listening')).toMatchObject([{ workers: 2 }]);
  expect(lines(service, 'listening')[0]).not.toHaveProperty('worker');
  service.signal('SIGTERM');
  expect(await service.exited).toBe(0);
  expect(lines(service, 'stopping')).toHaveLength(1);
  expect(lines(service, 'stopped')).toHaveLength(1);
});

test('a rate limit holds for all workers together, exactly', async () => {
  await using ground = await prepareWorkers((tree) => {
    tree['rateLimit'] = { perIdentity: { max: 100, every: '1h' }, perAddress: { max: 1_000_000 } };
  });
  await using service = await startServiceProcess(ground);
  const token = await ground.token();
  const both = await lanes(service);
  const statuses = await Promise.all(
    both.map(async (lane) => {
      const seen: number[] = [];
      while (!seen.includes(429)) seen.push((await lane.exchange(token)).status);
      return seen;
    }),
  );
  expect(statuses.flat().filter((status) => status === 200)).toHaveLength(100);
});

test('a revocation that one worker answers is in force in all, and so is its end', async () => {
  await using ground = await prepareWorkers();
  await using service = await startServiceProcess(ground);
  const [token, admin] = [await ground.token(), await ground.token({ sub: 'admin' })];
  const both = await lanes(service);
  for (let n = 0; n < 20; n += 1) {
    const [here, there] = n % 2 === 0 ? both : ([both[1], both[0]] as const);
    const revoked = await here.ask('POST', '/admin/revocations', admin, {
      issuer: 'dev',
      subject: 'orders',
      reason: 'they left',
      block: true,
    });
    expect(revoked.status).toBe(201);
    expect(await there.exchange(token)).toMatchObject({ status: 403 });
    expect(await here.exchange(token)).toMatchObject({ status: 403 });
    const { id } = JSON.parse(revoked.body) as { id: string };
    expect(await there.ask('DELETE', `/admin/revocations/${id}`, admin)).toMatchObject({
      status: 204,
    });
    for (const lane of both) expect(await lane.exchange(token)).toMatchObject({ status: 200 });
  }
  const listed = await both[0].ask('GET', '/admin/credentials', admin);
  expect(JSON.parse(listed.body)).toHaveProperty('credentials.length', 40);
});

test('a worker that is killed costs its own requests, is replaced, and no total goes back', async () => {
  await using ground = await prepareWorkers();
  await using service = await startServiceProcess(ground);
  const token = await ground.token();
  const both = await lanes(service);
  for (const lane of both) for (let n = 0; n < 5; n += 1) await lane.exchange(token);
  expect(await metric(service, ISSUED)).toBe(10);
  const before = childrenOf(service.pid);
  expect(before).toHaveLength(2);
  const stream = steadyStream(
    () => fetch(`${service.url}/livez`, { headers: { connection: 'close' } }),
    1,
  );
  process.kill(before[0]!, 'SIGKILL');
  const ended = await service.logged('a worker ended unexpectedly');
  expect(ended).toMatchObject({ level: 'error', pid: before[0], signal: 'SIGKILL' });
  // One of the two connections was that worker's; the other one goes on.
  const after = await Promise.allSettled(both.map((lane) => lane.exchange(token)));
  expect(after.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  await service.logged('the worker was replaced');
  const { failures } = await stream.stop();
  expect(failures.filter((failure) => !/ECONNRESET|other side closed/.test(failure))).toEqual([]);
  expect(await metric(service, ISSUED)).toBe(11);
  expect(await metric(service, 'nats_sts_workers_replaced_total')).toBe(1);
  expect(childrenOf(service.pid)).toHaveLength(2);
  for (const lane of await lanes(service)) {
    expect(await lane.exchange(token)).toMatchObject({ status: 200 });
  }
  expect(ground.audit({ type: 'issued' })).toHaveLength(13);
});

test('workers end when the primary process is killed', async () => {
  await using ground = await prepareWorkers();
  await using service = await startServiceProcess(ground);
  const token = await ground.token();
  const [lane] = await lanes(service);
  expect(await lane.exchange(token)).toMatchObject({ status: 200 });
  const workers = childrenOf(service.pid);
  service.signal('SIGKILL');
  expect(await service.exited).toBeNull();
  await eventually(() => !workers.some(isRunning));
  expect(ground.audit({ type: 'issued' })).toHaveLength(1);
});

test.for([1, 4, 7])(
  'a stop after %i answers loses no request of twenty busy connections',
  async (answers) => {
    await using ground = await prepareWorkers();
    await using service = await startServiceProcess(ground);
    const request = `POST /exchange HTTP/1.1\r\nHost: sts\r\nAuthorization: Bearer ${await ground.token()}\r\nContent-Length: 0\r\n\r\n`;
    const clients = Array.from({ length: 20 }, () => keepAsking(service.url, request));
    await eventually(() => clients.every(({ answered }) => answered() >= answers));
    const workers = childrenOf(service.pid);
    // As Ctrl-C at a terminal, and as systemd does it: all processes get the signal.
    for (const pid of workers) process.kill(pid, 'SIGTERM');
    for (const pid of workers) process.kill(pid, 'SIGINT');
    service.signal('SIGTERM');
    const lost = await Promise.all(clients.map(({ ended }) => ended));
    expect(lost).toEqual(Array.from({ length: 20 }, () => undefined));
    expect(await service.exited).toBe(0);
    expect(workers.some(isRunning)).toBe(false);
    const issued = clients.reduce((sum, { answered }) => sum + answered(), 0);
    expect(ground.audit({ type: 'issued' })).toHaveLength(issued);
  },
);

test('a reload reaches all workers or none, fails no request, and is logged once', async () => {
  await using ground = await prepareWorkers();
  await using service = await startServiceProcess(ground);
  const [token, late] = [await ground.token(), await ground.token({ sub: 'late' })];
  const both = await lanes(service);
  const stream = steadyStream(() => service.exchange(token));
  for (const lane of both) expect((await lane.exchange(late)).status).toBe(403);
  await ground.configure((tree) => {
    tree['bindings'][1] = {
      name: 'late',
      issuer: 'dev',
      match: { sub: 'late' },
      roles: ['publisher'],
    };
  });
  service.signal('SIGHUP');
  await service.logged('configuration reloaded');
  for (const lane of both) expect((await lane.exchange(late)).status).toBe(200);

  await ground.configure((tree) => {
    tree['bindings'][1].roles = ['nothing'];
  });
  service.signal('SIGHUP');
  await service.logged('the changed configuration was refused');
  for (const lane of both) expect((await lane.exchange(late)).status).toBe(200);
  expect(await metric(service, 'nats_sts_config_last_reload_success')).toBe(0);

  // A worker that starts now has the configuration in force, not the refused one on disk.
  process.kill(childrenOf(service.pid)[0]!, 'SIGKILL');
  await service.logged('the worker was replaced');
  for (const lane of await lanes(service)) expect((await lane.exchange(late)).status).toBe(200);

  await ground.configure((tree) => {
    tree['workers'] = 3;
    tree['bindings'].length = 1;
  });
  service.signal('SIGHUP');
  await service.logged('configuration reloaded', 2);
  expect(await service.logged('takes effect only after a restart')).toMatchObject({
    key: 'workers',
  });
  for (const lane of await lanes(service)) expect((await lane.exchange(late)).status).toBe(403);
  const { failures } = await stream.stop();
  // The killed worker had some of the stream's requests.
  expect(failures.filter((failure) => !/ECONNRESET|other side closed/.test(failure))).toEqual([]);
  expect(lines(service, 'configuration reloaded')).toHaveLength(2);
  expect(lines(service, 'the changed configuration was refused')).toHaveLength(1);
});

test('a renewed certificate is used by all workers', async () => {
  const first = selfSignedCertificate();
  await using ground = await prepareWorkers((tree, folder) => {
    writeFileSync(join(folder, 'cert.pem'), first.cert);
    writeFileSync(join(folder, 'key.pem'), first.key);
    tree['listen'].tls = { cert: './cert.pem', key: './key.pem' };
  });
  await using service = await startServiceProcess(ground);
  expect(await shown(service)).toEqual([derOf(first.cert), derOf(first.cert)]);
  const second = selfSignedCertificate();
  writeFileSync(join(ground.folder, 'key.pem'), second.key);
  writeFileSync(join(ground.folder, 'cert.pem'), second.cert);
  await service.logged('TLS certificate renewed');
  await eventually(async () => {
    const certificates = await shown(service);
    return certificates.every((certificate) => certificate === derOf(second.cert));
  });
});

/** The certificates that two new connections are shown, one by each worker. */
async function shown({ url }: ServiceProcess): Promise<string[]> {
  const { hostname: host, port } = new URL(url);
  const certificates: string[] = [];
  for (let n = 0; n < 2; n += 1) {
    const socket = connectTls({ host, port: Number(port), rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    certificates.push(socket.getPeerCertificate().raw.toString('base64'));
    socket.destroy();
  }
  return certificates;
}

function derOf(pem: string): string {
  return pem.replaceAll(/-----[^-]+-----|\n/g, '');
}

test('with JetStream, the primary process shares its store', async () => {
  await using world = await createJetStreamWorld();
  await using ground = await prepareWorkers((tree) => {
    tree['store'].jetstream = { bucket: 'shared', servers: [world.server.url] };
    tree['issuers'].dev.singleUse = true;
  });
  await using service = await startServiceProcess(ground);
  const both = await lanes(service);
  const once = await ground.token({ jti: 'once' });
  expect(await both[0].exchange(once)).toMatchObject({ status: 200 });
  expect(await both[1].exchange(once)).toMatchObject({ status: 401 });
  const admin = async () => ground.token({ sub: 'admin', jti: crypto.randomUUID() });
  const listed = await both[1].ask('GET', '/admin/credentials', await admin());
  expect(JSON.parse(listed.body)).toHaveProperty('credentials.length', 1);
  const revoked = await both[0].ask('POST', '/admin/revocations', await admin(), {
    issuer: 'dev',
    subject: 'orders',
    reason: 'they left',
    block: true,
  });
  expect(revoked.status).toBe(201);
  for (const lane of both) {
    const token = await ground.token({ jti: crypto.randomUUID() });
    expect(await lane.exchange(token)).toMatchObject({ status: 403 });
  }
});

test('a port in use ends the start with 5, and leaves no process', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  await using ground = await prepareWorkers((tree) => {
    tree['listen'].port = (taken.address() as AddressInfo).port;
  });
  const { code, message } = await failedStart(ground);
  taken.close();
  expect(code).toBe(5);
  expect(message).toMatch(/EADDRINUSE.*change listen\.host or listen\.port/);
});

test('a configuration that is not valid ends the start with 4', async () => {
  await using ground = await prepareWorkers((tree) => {
    tree['workers'] = 0;
  });
  const { code, message } = await failedStart(ground);
  expect(code).toBe(4);
  expect(message).toContain('workers: write a whole number from 1 to 128');
});
