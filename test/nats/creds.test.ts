import { fmtCreds, parseCreds as parseReference } from '@nats-io/jwt';
import { fromSeed } from '@nats-io/nkeys';
import { describe, expect, test } from 'vitest';
import { formatCreds, parseCreds } from '../../src/nats/creds.ts';
import { encodeJwt } from '../../src/nats/jwt.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { Malformed } from '../../src/nats/malformed.ts';
import { scopedUser } from '../../src/nats/user-claims.ts';

const issuer = createKeyPair('account');
const user = createKeyPair('user');
const seed = user.seed();
const jwt = encodeJwt({
  claims: { sub: user.publicKey, iat: 1, nats: scopedUser({ issuer_account: issuer.publicKey }) },
  issuerPublicKey: issuer.publicKey,
  sign: issuer.sign,
});
const creds = formatCreds({ jwt, seed });

describe('a creds file', () => {
  test('is read back', () => {
    expect(parseCreds(creds)).toEqual({ jwt, seed });
  });

  test('is read by the reference library', async () => {
    expect(await parseReference(Buffer.from(creds))).toMatchObject({ jwt, key: seed });
  });

  test('of the reference library is read', () => {
    const reference = fmtCreds(jwt, fromSeed(Buffer.from(seed)));
    expect(parseCreds(new TextDecoder().decode(reference))).toEqual({ jwt, seed });
  });

  test('has the JWT block first, line feeds only, and one at the end', () => {
    expect(creds).not.toContain('\r');
    expect(creds.startsWith('-----BEGIN NATS USER JWT-----\n')).toBe(true);
    expect(creds.endsWith('\n------END USER NKEY SEED------\n')).toBe(true);
  });

  test('that an editor has given carriage returns is read', () => {
    expect(parseCreds(creds.replaceAll('\n', '\r\n'))).toEqual({ jwt, seed });
  });

  test.each([
    ['nothing', ''],
    ['the JWT block alone', creds.slice(0, creds.indexOf('*'))],
    ['the blocks the other way round', formatCreds({ jwt: seed, seed: jwt })],
    ['an account seed', formatCreds({ jwt, seed: createKeyPair('account').seed() })],
    ['a seed with a typing error', creds.replace(seed, `${seed.slice(0, -1)}7`)],
    ['what is no JWT', formatCreds({ jwt: 'a.b', seed })],
    ['three blocks', creds + creds.slice(creds.indexOf('-----BEGIN USER'))],
  ])('with %s is refused, and the problem repeats none of it', (_, text) => {
    const parsed = parseCreds(text);
    expect(parsed).toBeInstanceOf(Malformed);
    expect(JSON.stringify(parsed)).not.toMatch(/S[AU][A-Z2-7]{20}|eyJ/);
  });
});
