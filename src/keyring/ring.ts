import { z } from 'zod';
import type { AccountAdmission } from '../nats/admission.ts';
import type { UserPermissionLimits } from '../nats/user-claims.ts';

/**
 *  staged ──published, on every server──▶ active ──next key active──▶ draining ──last credential has expired──▶ retired
 *
 * - staged: signs nothing; its public key is in the account JWT, or about to be.
 * - active: signs. At most one a slot.
 * - draining: signs nothing, and stays in the account JWT for the credentials it signed.
 * - retired: out of the account JWT, its seed destroyed. Remembered, so that an account JWT from
 *   before that comes back is cleaned again.
 */
export type KeyState = 'staged' | 'active' | 'draining' | 'retired';

/** Why a key left the state it was in. */
export type KeyReason =
  | 'first'
  | 'schedule'
  | 'requested'
  | 'policy-changed'
  | 'role-removed'
  | 'revoked'
  | 'not-listed'
  | 'no-longer-given'
  | 'superseded'
  | 'expired';

/** The slot of keys that are tied to no role; role names can't be this. */
export const ANY_ROLE = '*';

/** A role as a scoped signing key carries it. */
export interface KeyScope {
  readonly role: string;
  /** As in the account JWT. */
  readonly template: UserPermissionLimits;
  /** Tag that the template fills in → what the policy puts there, e.g. `claims.repository_id`. */
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * Proof that the rotator put a key into the ring: the operator key's signature over what the
 * account JWT will say of it. Write access to the store is not enough to make one, so a key planted there
 * is never published in the operator's name.
 */
export interface KeyProof {
  /** Operator key, `O…`. */
  readonly by: string;
  /** Ed25519, base64url. */
  readonly signature: string;
}

/** One account signing key. Times are milliseconds since the Unix epoch. */
export interface RingKey {
  /** `A…` */
  readonly publicKey: string;
  /** The role that it signs for, or `*`. */
  readonly slot: string;
  readonly state: KeyState;
  /** Present when the account JWT ties the key to its role. */
  readonly scope?: KeyScope;
  /** JWE of the seed. Absent: the operator gave the seed (external accounts), or it is destroyed. */
  readonly sealedSeed?: string;
  /** Managed accounts: what lets it into the account JWT. */
  readonly proof?: KeyProof;
  readonly stagedAt: number;
  /** Term of the rotator's lease in which it was staged. */
  readonly stagedTerm: number;
  readonly activeAt?: number;
  readonly drainingAt?: number;
  readonly retiredAt?: number;
  /** Staged and draining: when it was first read back from the store in this state. */
  readonly settledAt?: number;
  /** Retired: no server has it any more. */
  readonly gone?: true;
  /** Staged: every server was seen to have it. For people: what counts is what is seen when it is to sign. */
  readonly onEveryServer?: true;
  /** Staged: servers that were seen without it, or did not answer; for people. */
  readonly waitsFor?: readonly string[];
  /** Staged: about when it may sign at the earliest, where that is not at once; for people. */
  readonly maySignAt?: number;
  /** No credential of this key lives longer than this (seconds): raised before a longer one is signed. */
  readonly lifetimeSeconds: number;
  /** External accounts: the account was seen not to list it; it must not sign. */
  readonly unlisted?: true;
  /** Why it came into its state. */
  readonly reason: KeyReason;
}

/** A user that the account JWT revokes on our behalf. Times are Unix seconds. */
export interface RevokedUser {
  /** Users issued at or before that time are disconnected. */
  readonly at: number;
  /** When its last credential has expired: then the entry goes. */
  readonly until: number;
  /** Ids of the revocations that want it. */
  readonly by: readonly string[];
  /** The revocations lifted or everything expired: to be taken out of the account JWT. */
  readonly gone?: true;
}

/** All signing keys and revoked users of one account: one text in the store (`ring.NAME`). */
export interface Ring {
  /** Name in the configuration. */
  readonly account: string;
  /** `A…` */
  readonly publicKey: string;
  /** Managed: nats-sts makes the keys and publishes the account JWT. External: both are the operator's. */
  readonly kind: 'managed' | 'external';
  /** Some key has been active, be it forgotten by now. */
  readonly began?: true;
  /** In the order they were staged. */
  readonly keys: readonly RingKey[];
  /** Slot → when someone asked for a rotation, milliseconds. */
  readonly rotationRequests: Readonly<Record<string, number>>;
  /** Public user nkey → revocation. */
  readonly revoked: Readonly<Record<string, RevokedUser>>;
  /** Whether its users get in, as the rotator last saw it; absent: nothing known keeps them out. */
  readonly admission?: AccountAdmission;
  /** Changes that were stored and not reported yet: reported at least once, also after a crash. */
  readonly unreported: readonly KeyChange[];
}

/** One key's change of state, for log, metrics and audit. */
export interface KeyChange {
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly account: string;
  readonly slot: string;
  readonly publicKey: string;
  /** Absent: it is new. */
  readonly from?: KeyState;
  readonly to: KeyState;
  readonly reason: KeyReason;
}

export const RING_PREFIX = 'ring.';

export function ringKey(account: string): string {
  return `${RING_PREFIX}${account}`;
}

export function emptyRing(identity: Pick<Ring, 'account' | 'publicKey' | 'kind'>): Ring {
  return { ...identity, keys: [], rotationRequests: {}, revoked: {}, unreported: [] };
}

/** Keys that the account JWT must list. */
export function trustedKeys({ keys }: Ring): RingKey[] {
  return keys.filter(({ state }) => state !== 'retired');
}

export function ringText(ring: Ring): string {
  return JSON.stringify({ version: 1, ...ring });
}

/** Throws when the text is not a ring that this version can read: it must then not be written over. */
export function parseRing(text: string): Ring {
  const stored = JSON.parse(text) as (Ring & { version?: unknown }) | null;
  const { version, ...ring } = stored ?? {};
  if (version !== 1) {
    throw new Error(
      `the stored key ring has version ${String(version)}, which this nats-sts does not know: run the newer version`,
    );
  }
  const fault = ringFault(ring);
  if (fault !== undefined) throw new Error(`the stored key ring is not valid: ${fault}`);
  return ring as Ring;
}

/**
 * What every part relies on in a ring that is read from the store. Words and members that a later
 * version adds pass, and stay: only what would make this one fail halfway is refused here.
 */
const milliseconds = z.number();

const key = z.looseObject({
  publicKey: z.string(),
  slot: z.string(),
  state: z.enum(['staged', 'active', 'draining', 'retired']),
  scope: z
    .looseObject({
      role: z.string(),
      template: z.looseObject({}),
      tags: z.record(z.string(), z.string()),
    })
    .optional(),
  sealedSeed: z.string().optional(),
  proof: z.looseObject({ by: z.string(), signature: z.string() }).optional(),
  stagedAt: milliseconds,
  stagedTerm: z.number(),
  activeAt: milliseconds.optional(),
  drainingAt: milliseconds.optional(),
  retiredAt: milliseconds.optional(),
  settledAt: milliseconds.optional(),
  waitsFor: z.array(z.string()).optional(),
  maySignAt: milliseconds.optional(),
  lifetimeSeconds: z.number(),
  reason: z.string(),
});

const revokedUser = z.looseObject({
  at: z.number(),
  until: z.number(),
  by: z.array(z.string()),
  gone: z.literal(true).optional(),
});

const change = z.looseObject({
  time: milliseconds,
  account: z.string(),
  slot: z.string(),
  publicKey: z.string(),
  from: z.string().optional(),
  to: z.string(),
  reason: z.string(),
});

const admission = z.looseObject({
  expiresAt: z.number().optional(),
  notBefore: z.number().optional(),
  revokedUntil: z.number().optional(),
  obstacles: z.array(z.string()).optional(),
});

const ring = z.looseObject({
  account: z.string(),
  publicKey: z.string(),
  kind: z.enum(['managed', 'external']),
  keys: z.array(key),
  rotationRequests: z.record(z.string(), milliseconds),
  revoked: z.record(z.string(), revokedUser),
  admission: admission.optional(),
  unreported: z.array(change),
});

/** What is wrong with the first member that can't be so, e.g. `keys.0.state: …`; undefined: it is a ring. */
function ringFault(value: unknown): string | undefined {
  const [issue] = ring.safeParse(value).error?.issues ?? [];
  return issue && `${issue.path.join('.') || 'the whole ring'}: ${issue.message}`;
}
