import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readPrivateKey } from '../../src/config/private-key.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519 = generateKeyPairSync('ed25519');

function pem(key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8'): string {
  return key.export({ type, format: 'pem' });
}

function jwk(key: KeyObject, more: object = {}): string {
  return JSON.stringify({ ...key.export({ format: 'jwk' }), ...more });
}

function algorithmsOf(text: string): readonly string[] {
  const read = readPrivateKey(text);
  if ('reason' in read) throw new Error(read.reason);
  return read.algorithms;
}

const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];

describe('a key is read', () => {
  test.for([
    ['PKCS#8', pem(rsa.privateKey), RSA],
    ['PKCS#1', pem(rsa.privateKey, 'pkcs1'), RSA],
    ['SEC1', pem(p256.privateKey, 'sec1'), ['ES256']],
    ['PEM with blanks around it', `\n ${pem(p256.privateKey)}\n\n`, ['ES256']],
    ['PEM with its certificate before it', `${CERTIFICATE()}${pem(p256.privateKey)}`, ['ES256']],
    ['Ed25519', pem(ed25519.privateKey), ['EdDSA', 'Ed25519']],
    ['JWK', jwk(rsa.privateKey), RSA],
    ['JWK with alg', jwk(rsa.privateKey, { alg: 'PS256', use: 'sig' }), ['PS256']],
    [
      'JWK with members that are not set',
      jwk(rsa.privateKey, { use: null, key_ops: [], alg: '', oth: [] }),
      RSA,
    ],
    ['JWK with key_ops', jwk(ed25519.privateKey, { key_ops: ['sign'] }), ['EdDSA', 'Ed25519']],
  ] as const)('from %s, with what it can sign with', ([, text, algorithms]) => {
    expect(algorithmsOf(text)).toEqual(algorithms);
  });

  test.for([
    ['P-384', 'ES384'],
    ['P-521', 'ES512'],
  ])('of the curve %s, for %s', ([namedCurve = '', algorithm]) => {
    expect(algorithmsOf(pem(generateKeyPairSync('ec', { namedCurve }).privateKey))).toEqual([
      algorithm,
    ]);
  });

  test('and is the private half of what was written', () => {
    const read = readPrivateKey(jwk(ed25519.privateKey, { kid: 'k' }));
    if ('reason' in read) throw new Error(read.reason);
    expect(read.keyId).toBe('k');
    const signature = sign(null, Buffer.from('x'), read.key);
    expect(verify(null, Buffer.from('x'), ed25519.publicKey, signature)).toBe(true);
  });
});

describe('there is no key in', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const encrypted = rsa.privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  });
  const encryptedPkcs1 = rsa.privateKey.export({
    type: 'pkcs1',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  });
  test.for([
    ['other text', 'abc', 'is not a key'],
    ['a public key', rsa.publicKey.export({ type: 'spki', format: 'pem' }), 'is a public key'],
    ['a public JWK', jwk(rsa.publicKey), 'is a public key'],
    ['a certificate', CERTIFICATE(), 'is a certificate'],
    ['PKCS#8 with a passphrase', encrypted, 'is encrypted'],
    ['PKCS#1 with a passphrase', encryptedPkcs1, 'is encrypted'],
    ['a broken PEM', pem(rsa.privateKey).replace(/\n[^]*\n/, '\nAAAA\n'), 'cannot be read'],
    ['broken JSON', '{"kty":"RSA",', 'is not JSON'],
    ['a broken JWK', '{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}', 'cannot be read'],
    ['a key set', `{"keys":[${jwk(rsa.privateKey)}]}`, 'is a key set'],
    ['a symmetric key', '{"kty":"oct","k":"AAAA"}', 'is a symmetric key'],
    ['a key for encryption', jwk(rsa.privateKey, { use: 'enc' }), 'is not a signing key'],
    ['a key of other use', jwk(rsa.privateKey, { key_ops: ['decrypt'] }), 'is not a signing key'],
    ['a key of another alg', jwk(rsa.privateKey, { alg: 'RSA-OAEP' }), 'cannot sign with'],
    ['a key of an alg that does not fit', jwk(p256.privateKey, { alg: 'RS256' }), 'cannot sign'],
    ['a weak RSA key', pem(weak), 'is an RSA key of 1024 bits'],
    ['a weak RSA JWK', jwk(weak), 'is an RSA key of 1024 bits'],
    ['X25519', pem(generateKeyPairSync('x25519').privateKey), 'is of an unsupported kind'],
    [
      'secp256k1',
      pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey),
      'is of an unsupported kind',
    ],
    [
      'RSA-PSS',
      pem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey),
      'is of an unsupported kind',
    ],
  ] as const)('%s, and it is said why', ([, text, reason]) => {
    expect(readPrivateKey(text)).toEqual({ reason: expect.stringContaining(reason) });
  });
});

/** Only its frame matters: what is in it is not looked at. */
function CERTIFICATE(): string {
  return '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
}
