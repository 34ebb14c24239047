/**
 * What libsodium saves over `node:crypto` for the two things every issuance does with Ed25519:
 * `node bench/keys.ts`. Ratios travel between machines, microseconds do not.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import sodium from 'sodium-native';
import { compare } from './timing.ts';

/** As long as an unsigned user JWT. */
const MESSAGE = Buffer.alloc(900, 'x');

const publicKey = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES);
const secretKey = Buffer.alloc(sodium.crypto_sign_SECRETKEYBYTES);
const signature = Buffer.alloc(sodium.crypto_sign_BYTES);
sodium.crypto_sign_keypair(publicKey, secretKey);
const nodeKey = generateKeyPairSync('ed25519').privateKey;

compare('key pair', {
  'sodium-native': () => sodium.crypto_sign_keypair(publicKey, secretKey),
  'node:crypto': () =>
    generateKeyPairSync('ed25519', {
      privateKeyEncoding: { format: 'jwk' },
      publicKeyEncoding: { format: 'jwk' },
    } as never),
});
compare('signature', {
  'sodium-native': () => sodium.crypto_sign_detached(signature, MESSAGE, secretKey),
  'node:crypto': () => sign(null, MESSAGE, nodeKey),
});
