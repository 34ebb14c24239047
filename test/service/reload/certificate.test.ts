import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { eventually } from '../../support/eventually.ts';
import { startServiceWorld } from '../../support/service-world.ts';

/** The certificate that a new connection is shown, as PEM without line breaks. */
function shown(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect(
      { host: hostname, port: Number(port), rejectUnauthorized: false },
      () => {
        resolve(socket.getPeerCertificate().raw.toString('base64'));
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}

function derOf(pem: string): string {
  return pem.replaceAll(/-----[^-]+-----|\n/g, '');
}

function exchangeOver(url: string, ca: string, token: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    request(`${url}/exchange`, { method: 'POST', ca, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

test('the TLS listener works, and new connections get the new certificate when the files change; an invalid one changes nothing', async () => {
  const first = selfSignedCertificate();
  const second = selfSignedCertificate();
  let files = { cert: '', key: '' };
  const write = ({ cert, key }: { cert: string; key: string }) => {
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
  };
  await using world = await startServiceWorld({
    nats: false,
    watch: true,
    configure: (tree, { folder }) => {
      files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
      write(first);
      tree.listen.tls = files;
    },
  });
  expect(world.url).toMatch(/^https:/);
  const token = await world.token();
  expect(await exchangeOver(world.url, first.cert, token)).toBe(200);
  expect(await shown(world.url)).toBe(derOf(first.cert));

  write({ cert: first.cert, key: second.key });
  await eventually(() =>
    world.log
      .text()
      .includes('the changed TLS certificate was refused; the previous one stays in use'),
  );
  expect(await exchangeOver(world.url, first.cert, token)).toBe(200);

  write(second);
  await eventually(async () => (await shown(world.url)) === derOf(second.cert));
  expect(await exchangeOver(world.url, second.cert, token)).toBe(200);
  expect(world.log.text()).not.toContain('PRIVATE KEY');
});
