import { type KeyPair, verifySignature } from '../nats/key-pair.ts';
import type { KeyProof, KeyScope, Ring, RingKey } from './ring.ts';

type Signer = Pick<KeyPair, 'publicKey' | 'sign'>;

/** The ring with proofs by `signer` on the keys named, and instead of earlier ones that `issuers` trust. */
export function proveKeys(
  ring: Ring,
  {
    signer,
    issuers,
    made,
  }: { signer: Signer; issuers: ReadonlySet<string>; made: ReadonlySet<string> },
): Ring {
  const due = (key: RingKey) =>
    made.has(key.publicKey) || (key.proof?.by !== signer.publicKey && isProved(ring, key, issuers));
  if (!ring.keys.some(due)) return ring;
  const keys = ring.keys.map((key) =>
    due(key) ? { ...key, proof: prove(ring, key, signer) } : key,
  );
  return { ...ring, keys };
}

/** The ring as far as `issuers` vouch for it, and the trusted keys that nobody vouches for. */
export function provedPart(
  ring: Ring,
  issuers: ReadonlySet<string>,
): { ring: Ring; strangers: readonly RingKey[] } {
  const proved = ring.keys.filter((key) => isProved(ring, key, issuers));
  if (proved.length === ring.keys.length) return { ring, strangers: [] };
  const strangers = ring.keys.filter((key) => key.state !== 'retired' && !proved.includes(key));
  return { ring: { ...ring, keys: proved }, strangers };
}

function prove(ring: Ring, key: RingKey, { publicKey, sign }: Signer): KeyProof {
  const signature = Buffer.from(sign(statement(ring, key))).toString('base64url');
  return { by: publicKey, signature };
}

/** Signatures that were found good, for keys don't change: verification costs 80 µs. */
const known = new WeakMap<KeyProof, string>();

function isProved(ring: Ring, key: RingKey, issuers: ReadonlySet<string>): boolean {
  const { proof } = key;
  if (!proof || !issuers.has(proof.by)) return false;
  const message = statement(ring, key);
  const text = message.toString('latin1');
  if (known.get(proof) === text) return true;
  const good = verifySignature(proof.by, message, Buffer.from(proof.signature, 'base64url'));
  if (good) known.set(proof, text);
  return good;
}

function statement({ publicKey: account }: Ring, { publicKey, slot, scope }: RingKey): Buffer {
  const scoped = scope ? scopeText(scope) : '';
  return Buffer.from(['nats-sts signing key', account, publicKey, slot, scoped].join('\n'));
}

/** The same text for the same scope, whatever the order of members. */
export function scopeText(scope: KeyScope): string {
  return JSON.stringify(sorted(scope));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}
