import { createHash } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { publicKeyOfSeed } from '../nats/key-pair.ts';

/**
 * Seals seeds at rest: JWE (RFC 7516) with direct encryption, AES-256-GCM. The header names the
 * sealing key and the public key, so that a sealed seed can't be passed off as another's.
 */
export interface Sealer {
  /** `seed` is secret; the answer may be stored anywhere. */
  seal(publicKey: string, seed: string): Promise<string>;
  /** The seed. Throws `WrongSealingKey` when none of the keys opens it, or when it is another key's seed. */
  unseal(publicKey: string, sealed: string): Promise<string>;
}

/** None of the configured sealing keys opens a sealed seed. Nothing must overwrite it. */
export class WrongSealingKey extends Error {
  override readonly name = 'WrongSealingKey';
}

/** The first key seals, all of them open. Each is 32 bytes. */
export function createSealer(keys: readonly Uint8Array[]): Sealer {
  const named = new Map(keys.map((key) => [nameOf(key), key]));
  const first = keys[0];
  return {
    async seal(publicKey, seed) {
      if (!first) throw new Error('there is no sealing key');
      return new CompactEncrypt(new TextEncoder().encode(seed))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: nameOf(first), sub: publicKey })
        .encrypt(first);
    },
    async unseal(publicKey, sealed) {
      const seed = await open(sealed, publicKey, named);
      if (publicKeyOfSeed(seed) !== publicKey) {
        throw new WrongSealingKey(`the sealed seed for ${publicKey} belongs to another key`);
      }
      return seed;
    },
  };
}

async function open(
  sealed: string,
  publicKey: string,
  keys: ReadonlyMap<string, Uint8Array>,
): Promise<string> {
  try {
    const { plaintext } = await compactDecrypt(
      sealed,
      ({ kid, sub }) => {
        const key = keys.get(kid ?? '');
        if (!key) throw new Error(`it was sealed with another sealing key (${kid})`);
        if (sub !== publicKey) throw new Error('it was sealed for another key');
        return key;
      },
      { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] },
    );
    return new TextDecoder().decode(plaintext);
  } catch (cause) {
    throw new WrongSealingKey(
      `cannot unseal the seed of signing key ${publicKey}: ${(cause as Error).message}; ` +
        `sealingKey must be the key that the store was written with (here: ${[...keys.keys()].join(', ') || 'none'})`,
      { cause },
    );
  }
}

/** A name that tells sealing keys apart and nothing else about them. */
function nameOf(key: Uint8Array): string {
  return createHash('sha256')
    .update('nats-sts sealing key')
    .update(key)
    .digest('base64url')
    .slice(0, 8);
}
