import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { keyOf, readAccountJwt } from '../../src/account/account-jwt.ts';
import type { RingKey } from '../../src/keyring/ring.ts';
import { createSealer } from '../../src/keyring/sealing.ts';
import { encodeJwt } from '../../src/nats/jwt.ts';
import { createKeyPair, type KeyPair, keyPairFromSeed } from '../../src/nats/key-pair.ts';
import { Malformed } from '../../src/nats/malformed.ts';
import { scopedUser } from '../../src/nats/user-claims.ts';
import type { Setting } from './setting.ts';

/**
 * Asks for one rotation after the other. Milliseconds from the moment that the push of a new key
 * reaches the cluster until every server lets in a user of that key: seen by connecting, again and
 * again, to each.
 */
export async function pushTimes(setting: Setting, count: number): Promise<number[]> {
  // A user of the system account hears what is sent to all servers.
  const pushes = setting.system.subscribe('$SYS.REQ.CLAIMS.UPDATE')[Symbol.asyncIterator]();
  await setting.system.flush();
  const sealer = createSealer([sealingKey(setting)]);
  const known = new Set(setting.ring()?.keys.map(({ publicKey }) => publicKey));
  const times: number[] = [];
  while (times.length < count) {
    await setting.admin('keys/rotate', { account: 'APP' });
    for (let fresh: RingKey | undefined; !fresh; ) {
      const { value: push } = await pushes.next();
      const pushedAt = performance.now();
      fresh = newKey(setting, push?.string() ?? '', known);
      if (!fresh) continue;
      known.add(fresh.publicKey);
      const { publicKey, sealedSeed = '' } = fresh;
      const key = keyPairFromSeed(await sealer.unseal(publicKey, sealedSeed));
      await Promise.all(setting.cluster.nodes.map(({ url }) => accepted(setting, url, key)));
      times.push(performance.now() - pushedAt);
    }
  }
  await pushes.return?.();
  return times;
}

function sealingKey({ folder }: Setting): Buffer {
  return Buffer.from(readFileSync(join(folder, 'sealing.key'), 'utf8'), 'base64');
}

/** The key that this account JWT is the first to list: the ring was stored before the push. */
function newKey(setting: Setting, jwt: string, known: ReadonlySet<string>): RingKey | undefined {
  const claims = readAccountJwt(jwt);
  if (claims instanceof Malformed) throw new Error(claims.problem);
  const listed = new Set((claims.nats.signing_keys ?? []).map(keyOf));
  return setting
    .ring()
    ?.keys.find(({ publicKey }) => listed.has(publicKey) && !known.has(publicKey));
}

async function accepted(setting: Setting, url: string, key: KeyPair): Promise<void> {
  const account = setting.trust.account('APP').key.publicKey;
  const user = createKeyPair('user');
  const iat = Math.floor(Date.now() / 1000);
  const jwt = encodeJwt({
    claims: {
      sub: user.publicKey,
      iat,
      exp: iat + 60,
      nats: scopedUser({ issuer_account: account, tags: ['sub:bench'] }),
    },
    issuerPublicKey: key.publicKey,
    sign: key.sign,
  });
  // Native code: a connection costs less than the time to be measured.
  const sign = (nonce = '') => Buffer.from(user.sign(Buffer.from(nonce))).toString('base64url');
  for (;;) {
    const connection = await connect({
      servers: url,
      authenticator: (nonce) => ({ jwt, nkey: user.publicKey, sig: sign(nonce) }),
      reconnect: false,
    }).catch(() => undefined);
    if (!connection) continue;
    void connection.close();
    return;
  }
}
