import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { expect, test } from 'vitest';
import { decodeJwt } from '../../src/nats/jwt.ts';
import { Malformed } from '../../src/nats/malformed.ts';
import { eventually } from '../support/eventually.ts';
import { prepareRotation } from '../support/rotation-world.ts';
import { startRotatorProcess } from '../support/rotator-process.ts';
import { startServiceProcess } from '../support/service-process.ts';
import type { ConfigTree } from '../support/service-world.ts';
import { steadyStream } from '../support/steady-stream.ts';

/** The configuration for a serve that holds neither the operator's key nor access to the system account. */
async function writeServeConfig(folder: string, tree: ConfigTree): Promise<string> {
  const { servers } = tree['nats'] as { servers: string[] };
  const file = join(folder, 'serve.yaml');
  await writeFile(file, stringify({ ...tree, nats: { servers } }));
  return file;
}

function signerOf(jwt: string): string {
  const claims = decodeJwt(jwt);
  if (claims instanceof Malformed) throw new Error(claims.problem);
  return claims.iss;
}

test('serve issues from the ring of a separate rotator, through rotations, a revocation and the death of the rotator, without operator key and system credentials', async () => {
  let tree: ConfigTree = {};
  await using ground = await prepareRotation({
    size: 1,
    configure: (written) => {
      tree = written;
    },
  });
  const configFile = await writeServeConfig(ground.folder, tree);
  await using serve = await startServiceProcess({ configFile });
  const early = await ground.token();
  expect((await serve.exchange(early)).status).toBe(503);

  await using rotator = startRotatorProcess(ground);
  await eventually(async () => (await fetch(`${serve.url}/readyz`)).ok);
  const stream = steadyStream(() => serve.exchange(early));
  const signers = new Set<string>();
  await eventually(async () => {
    const { jwt, creds } = await serve.credential(early);
    const connection = await ground.connect(creds);
    await connection.close();
    return signers.add(signerOf(jwt)).size >= 4;
  });
  await stream.answered(100);
  const { failures } = await stream.stop();
  expect(failures).toEqual([]);
  const publicKeys = ground.ring()!.keys.map(({ publicKey }) => publicKey);
  expect(publicKeys).toEqual(expect.arrayContaining([...signers]));

  // Revoked by way of serve, in the store that both share: serve refuses, the rotator cuts.
  const connection = await ground.connect((await serve.credential(early)).creds);
  const stranger = await ground.connect(ground.trust.user().creds);
  const revoked = await fetch(`${serve.url}/admin/revocations`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await ground.token({ sub: 'admin' })}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ issuer: 'dev', subject: 'orders', reason: 'laptop lost' }),
  });
  // Only who has access to the system account can count sessions.
  expect([revoked.status, await revoked.json()]).toEqual([
    201,
    expect.objectContaining({ sessions: null }),
  ]);
  await connection.closed();
  expect(stranger.isClosed()).toBe(false);
  const refused = await serve.exchange(early);
  expect([refused.status, await refused.json()]).toEqual([
    401,
    expect.objectContaining({ reason: 'token_revoked' }),
  ]);

  // Decided anew, by the ring in the store, whether or not a rotator runs.
  rotator.signal('SIGKILL');
  await rotator.exited;
  const fresh = await eventually(async () => {
    const token = await ground.token();
    return (await serve.exchange(token)).ok && token;
  });
  await ground.connect((await serve.credential(fresh)).creds);

  expect(serve.written()).not.toContain('seal');
  expect(serve.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
});
