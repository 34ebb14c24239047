import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  openSystemConnection,
  type SystemConnection,
} from '../../src/account/system/connection.ts';
import { NotTrusted, trustOfOperator, trustOfServers } from '../../src/account/trust.ts';
import { encodeJwt } from '../../src/nats/jwt.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { operator } from '../support/operator-body.ts';
import type { NatsServer } from '../support/nats-server.ts';
import { createOperatorWorld } from '../support/operator-world.ts';

const world = createOperatorWorld();
const { key, signingKey, jwt } = world.operator;
const stranger = createKeyPair('operator');

describe('an operator JWT', () => {
  test('trusts the operator and its signing keys', () => {
    expect(trustOfOperator(jwt, signingKey.publicKey)).toEqual(
      new Set([key.publicKey, signingKey.publicKey]),
    );
    expect(trustOfOperator(`${jwt}\n`)).toContain(key.publicKey);
  });

  test('that is strict trusts the signing keys only', () => {
    const nats = operator({ signing_keys: [signingKey.publicKey], strict_signing_key_usage: true });
    const strict = encodeJwt({
      claims: { sub: key.publicKey, iat: 1_800_000_000, nats },
      issuerPublicKey: key.publicKey,
      sign: key.sign,
    });
    expect(trustOfOperator(strict)).toEqual(new Set([signingKey.publicKey]));
  });

  test.each([
    ['without our signing key', () => trustOfOperator(jwt, stranger.publicKey), stranger.publicKey],
    ['that is an account JWT', () => trustOfOperator(world.account().jwt), 'the JWT of an account'],
    [
      'that is no JWT',
      () => trustOfOperator('O'),
      'cannot use the operator JWT: not three base64url parts',
    ],
    [
      'that another operator signed',
      () =>
        trustOfOperator(
          encodeJwt({
            claims: { sub: key.publicKey, iat: 1, nats: operator() },
            issuerPublicKey: stranger.publicKey,
            sign: stranger.sign,
          }),
        ),
      'not signed by the operator itself',
    ],
  ])('%s is not trusted, and says why', (_, trust, why) => {
    const found = trust();
    expect(found).toBeInstanceOf(NotTrusted);
    expect((found as NotTrusted).problem).toContain(why);
  });
});

describe('servers', () => {
  let server: NatsServer;
  let system: SystemConnection;
  beforeAll(async () => {
    server = await world.start();
    system = openSystemConnection({ servers: [server.url], login: { creds: world.sysCreds } });
    await system.ready();
  });
  afterAll(async () => {
    await system.close();
    await server.stop();
  });

  const trust = (key: string) => trustOfServers(system, key);

  test('tell whom they trust', async () => {
    expect(await trust(signingKey.publicKey)).toEqual(
      new Set([key.publicKey, signingKey.publicKey]),
    );
  });

  test('that do not know our signing key make it untrusted, and the problem names both', async () => {
    const found = await trust(stranger.publicKey);
    expect(found).toBeInstanceOf(NotTrusted);
    expect((found as NotTrusted).problem).toContain(stranger.publicKey);
    expect((found as NotTrusted).problem).toContain(`"test operator" (${key.publicKey})`);
  });
});
