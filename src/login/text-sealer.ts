import { createHash, hkdfSync } from 'node:crypto';
import { EncryptJWT, jwtDecrypt } from 'jose';
import type { Clock } from '../clock.ts';

/** What a sealed text is for. It opens only for the purpose it was sealed for. */
export type Purpose = 'session' | 'attempt' | 'refresh';

/**
 * Seals small JSON values into texts that may leave the process (cookies, refresh tokens): JWE
 * (RFC 7516), `dir`, A256GCM, under keys derived from the sealing keys (HKDF, RFC 5869), one for
 * each purpose. A text is bound to its purpose, to the deployment (`publicUrl`), and to its expiry.
 */
export interface TextSealer {
  /** `endsAt` in Unix seconds. */
  seal(purpose: Purpose, value: object, endsAt: number): Promise<string>;
  /** Undefined for any other text: forged, truncated, for another purpose or deployment, expired. Never throws because of the text. */
  open(purpose: Purpose, text: string): Promise<unknown>;
}

export interface TextSealerParts {
  /** The sealing keys, 32 bytes each. The first one seals; all of them open. */
  readonly keys: readonly Uint8Array[];
  /** The deployment's `publicUrl`. Read each time, because a reload may change it. */
  readonly audience: () => string;
  readonly clock: Clock;
}

/** The largest size of a decompressed text. */
const MAX_PLAIN_BYTES = 256 * 1024;

/** Longer texts are ignored; the largest that we seal are sessions, below 16 KiB. */
const MAX_TEXT_CHARACTERS = 64 * 1024;

export function createTextSealer({ keys, audience, clock }: TextSealerParts): TextSealer {
  const keysFor = (purpose: Purpose) => keys.map((key) => derive(key, purpose));
  const keysOf: Readonly<Record<Purpose, readonly DerivedKey[]>> = {
    session: keysFor('session'),
    attempt: keysFor('attempt'),
    refresh: keysFor('refresh'),
  };

  return {
    async seal(purpose, value, endsAt) {
      const [first] = keysOf[purpose];
      if (first === undefined) throw new Error('there is no sealing key');
      return new EncryptJWT({ value })
        .setProtectedHeader({ ...ALGORITHMS, zip: 'DEF', kid: first.name, typ: typOf(purpose) })
        .setAudience(audience())
        .setExpirationTime(endsAt)
        .encrypt(first.key);
    },
    async open(purpose, text) {
      if (text.length > MAX_TEXT_CHARACTERS) return undefined;
      try {
        const { payload } = await jwtDecrypt(text, ({ kid }) => keyNamed(keysOf[purpose], kid), {
          keyManagementAlgorithms: [ALGORITHMS.alg],
          contentEncryptionAlgorithms: [ALGORITHMS.enc],
          maxDecompressedLength: MAX_PLAIN_BYTES,
          typ: typOf(purpose),
          audience: audience(),
          requiredClaims: ['exp'],
          currentDate: new Date(clock.now()),
        });
        return payload['value'];
      } catch {
        // The caller must not learn why a text is not valid.
        return undefined;
      }
    },
  };
}

const ALGORITHMS = { alg: 'dir', enc: 'A256GCM' } as const;

interface DerivedKey {
  /** Distinguishes keys and purposes and reveals nothing else about them. */
  readonly name: string;
  readonly key: Uint8Array;
}

/** RFC 5869. The sealing key is random, so no salt is needed (§3.1). */
function derive(sealingKey: Uint8Array, purpose: Purpose): DerivedKey {
  const key = new Uint8Array(hkdfSync('sha256', sealingKey, '', typOf(purpose), 32));
  const name = createHash('sha256').update('nats-sts text key').update(key).digest('base64url');
  return { name: name.slice(0, 8), key };
}

function keyNamed(keys: readonly DerivedKey[], name: string | undefined): Uint8Array {
  const found = keys.find((key) => key.name === name);
  if (found === undefined) throw new Error('it is sealed with another key');
  return found.key;
}

/** RFC 8725 §3.11: the header also names the purpose. */
function typOf(purpose: Purpose): string {
  return `nats-sts-${purpose}`;
}
