import { createHash, hkdfSync } from 'node:crypto';
import { EncryptJWT, jwtDecrypt } from 'jose';
import type { Clock } from '../clock.ts';

/** What a sealed text is for; one made for one purpose opens for no other. */
export type Purpose = 'session' | 'attempt' | 'refresh';

/**
 * Seals small JSON values into texts that may leave the process (cookies, refresh tokens): JWE
 * (RFC 7516), `dir`, A256GCM, under keys derived from the sealing keys (HKDF, RFC 5869), one for
 * each purpose. The text is bound to the purpose, to the deployment (`publicUrl`), and to an end.
 */
export interface TextSealer {
  /** `endsAt` in Unix seconds. */
  seal(purpose: Purpose, value: object, endsAt: number): Promise<string>;
  /** Undefined for whatever is not such a text: forged, cut, of another purpose or deployment, over. Never throws for what a text holds. */
  open(purpose: Purpose, text: string): Promise<unknown>;
}

export interface TextSealerParts {
  /** The sealing keys, 32 bytes each: the first seals, all of them open. */
  readonly keys: readonly Uint8Array[];
  /** Which deployment the texts are of: its `publicUrl`. Asked each time, for it may be changed by a reload. */
  readonly audience: () => string;
  readonly clock: Clock;
}

/** What a sealed text may unfold to. */
const MAX_PLAIN_BYTES = 256 * 1024;

/** Longer ones are not looked at: the largest that are made are sessions, below 16 KiB. */
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
        // Whatever it is, it is no text of ours that counts: why not, the caller must not learn.
        return undefined;
      }
    },
  };
}

const ALGORITHMS = { alg: 'dir', enc: 'A256GCM' } as const;

interface DerivedKey {
  /** Tells keys and purposes apart, and nothing else about them. */
  readonly name: string;
  readonly key: Uint8Array;
}

/** RFC 5869. The sealing key has the entropy of a key, so no salt is needed (§3.1). */
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

/** RFC 8725 §3.11: what it is for also stands in the header. */
function typOf(purpose: Purpose): string {
  return `nats-sts-${purpose}`;
}
