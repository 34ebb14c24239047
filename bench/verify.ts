/**
 * What our own verification of a subject token saves over jose's `jwtVerify`, which checks less:
 * `node bench/verify.ts`. One token after the other, and 32 in flight.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { systemClock } from '../src/clock.ts';
import type { IssuerSpec } from '../src/identity/issuer.ts';
import { memorySingleUse } from '../src/identity/single-use.ts';
import { createVerifier } from '../src/identity/verify.ts';
import { compareAsync } from './timing.ts';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'nats-sts';
const IN_FLIGHT = Array.from({ length: 32 });

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256' }] };
const token = issue();

const spec: IssuerSpec = {
  name: 'bench',
  issuers: [ISSUER],
  keys: { kind: 'static', jwks },
  algorithms: ['RS256'],
  kinds: ['jwt'],
  audiences: [AUDIENCE],
  audienceClaim: 'aud',
  subject: [['sub']],
  require: {},
  leewaySeconds: 30,
  maxTokenLifetimeSeconds: 86_400,
  capToTokenExpiry: false,
  singleUse: false,
  allowInsecureHttp: false,
  maxKeyAgeSeconds: 86_400,
};
const verifier = createVerifier({
  issuers: [spec],
  clock: systemClock,
  singleUse: memorySingleUse({ clock: systemClock }),
  tokenBytes: 16 * 1024,
});
const keySet = createLocalJWKSet(jwks);
const options = { issuer: ISSUER, audience: AUDIENCE, algorithms: ['RS256'] };

const own = async () => verifier.verify(token);
const joses = () => jwtVerify(token, keySet, options);
if (!('subject' in (await own()))) throw new Error('the token was refused');

await compareAsync('in turn', { 'nats-sts': own, jose: joses });
await compareAsync('32 in flight', {
  'nats-sts': () => Promise.all(IN_FLIGHT.map(own)),
  jose: () => Promise.all(IN_FLIGHT.map(joses)),
});
verifier.close();

function issue(): string {
  const now = Math.floor(Date.now() / 1000);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'bench', iat: now, exp: now + 3600 };
  const signed = `${encode({ alg: 'RS256', typ: 'JWT', kid: 'k' })}.${encode(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}
