import { isDeepStrictEqual } from 'node:util';
import type { AccountAnswer, KeyAnswer, KeysAnswer } from '../../admin-api/keys.ts';
import type { AccountSpec } from '../../config/config.ts';
import { readObstacles } from '../../keyring/rotation-obstacles.ts';
import type { Ring, RingKey } from '../../keyring/ring.ts';
import type { WantedSlot } from '../../keyring/step-input.ts';
import { retiresAt } from '../../keyring/draining.ts';
import { leaderOf } from '../../rotator/lease.ts';
import type { RingedAccount } from '../signing/ringed-accounts.ts';
import { livingCredentials } from './credentials.ts';
import { type AdminDeps, readRings } from './deps.ts';
import { countSessions } from './session-count.ts';

/** What each signing key has signed, by public key. */
interface Signed {
  readonly credentials: ReadonlyMap<string, number>;
  /** Undefined if unknown. */
  readonly sessions: ReadonlyMap<string, number> | undefined;
}

/** The signing keys of every account, with the credentials and sessions of each. */
export async function listKeys(deps: AdminDeps): Promise<KeysAnswer> {
  const { config, ringed, state } = deps;
  // Accounts of nats-server.conf have no key ring.
  const accounts = config().accounts.flatMap(({ kind, ...account }) =>
    kind === 'configured' ? [] : [{ ...account, kind }],
  );
  const rings = new Map((await readRings(state)).map(({ ring }) => [ring.account, ring]));
  const obstacles = await readObstacles(state);
  const credentials = await countCredentials(deps, rings.values());
  const sessions = await countSessions({
    sessions: deps.sessions,
    accounts: accounts.map(({ publicKey }) => publicKey),
    keyOf: ({ signingKey }) => signingKey,
  });
  const answers = accounts.map((account) => {
    const wanted = ringed().find(({ name }) => name === account.name);
    return accountAnswer(
      {
        account,
        wanted,
        ring: rings.get(account.name),
        obstacle: wanted && obstacles.get(account.name),
      },
      { credentials, sessions },
    );
  });
  const leader = (await leaderOf(state, 'managed')) ?? (await leaderOf(state, 'external'));
  return {
    accounts: answers,
    // A lease does not end at a time on the clock.
    rotator: { leader: leader ?? null, lease_until: null },
    sessions_known: sessions !== undefined,
  };
}

async function countCredentials(
  { ledger }: AdminDeps,
  rings: Iterable<Ring>,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for await (const { signingKey } of livingCredentials(ledger, rings, {})) {
    counts.set(signingKey, (counts.get(signingKey) ?? 0) + 1);
  }
  return counts;
}

type KeyedAccount = AccountSpec & { readonly kind: AccountAnswer['kind'] };

interface AccountState {
  readonly account: KeyedAccount;
  readonly wanted: RingedAccount | undefined;
  readonly ring: Ring | undefined;
  readonly obstacle: string | undefined;
}

function accountAnswer(
  { account, wanted, ring, obstacle }: AccountState,
  signed: Signed,
): AccountAnswer {
  const keys = ring?.keys ?? [];
  const grace = wanted?.graceMilliseconds ?? 0;
  return {
    account: account.name,
    public_key: account.publicKey,
    kind: account.kind,
    next_rotation_at: nextRotation(ring, wanted),
    obstacle: obstacle ?? null,
    keys: keys.map((key) => keyAnswer(key, grace, signed)),
    spare_keys: account.kind === 'external' && wanted ? spareKeys(keys, wanted) : null,
    slots: (wanted?.wanted.slots ?? []).map((slot) => ({
      slot: slot.slot,
      template: slot.scope?.template ?? null,
      signs: signing(keys, slot, account),
    })),
  };
}

/** Whether a key signs for a slot. The operator sets the permissions of external keys. */
function signing(
  keys: readonly RingKey[],
  { slot, scope }: WantedSlot,
  { kind }: AccountSpec,
): AccountAnswer['slots'][number]['signs'] {
  const active = keys.find((key) => key.slot === slot && key.state === 'active' && !key.unlisted);
  if (!active) return 'nothing';
  return kind === 'external' || isDeepStrictEqual(active.scope, scope) ? 'current' : 'outdated';
}

/** The earliest rotation of its slots; null without a schedule or an active key. */
function nextRotation(ring: Ring | undefined, wanted: RingedAccount | undefined): number | null {
  const every = wanted?.wanted.everyMilliseconds;
  if (every === undefined || !ring) return null;
  const times = ring.keys.flatMap(({ state, activeAt }) =>
    state === 'active' && activeAt !== undefined ? activeAt + every : [],
  );
  return times.length === 0 ? null : seconds(Math.min(...times));
}

function spareKeys(keys: readonly RingKey[], { given }: RingedAccount): number {
  const used = new Set(
    keys.flatMap(({ state, publicKey }) => (state === 'staged' ? [] : publicKey)),
  );
  return [...(given?.keys() ?? [])].filter((publicKey) => !used.has(publicKey)).length;
}

function keyAnswer(key: RingKey, grace: number, { credentials, sessions }: Signed): KeyAnswer {
  const { publicKey, state } = key;
  const retires = retiresAt(key, grace);
  return {
    public_key: publicKey,
    slot: key.slot,
    role: key.scope?.role ?? null,
    state,
    reason: key.reason,
    staged_at: seconds(key.stagedAt),
    active_at: secondsOrNull(key.activeAt),
    draining_at: secondsOrNull(key.drainingAt),
    retired_at: secondsOrNull(key.retiredAt),
    retires_at: secondsOrNull(retires),
    listed: isListed(key),
    waits_for: key.waitsFor ?? [],
    may_sign_at: secondsOrNull(key.maySignAt),
    lifetime_seconds: key.lifetimeSeconds,
    credentials_alive: credentials.get(publicKey) ?? 0,
    sessions: sessions ? (sessions.get(publicKey) ?? 0) : null,
  };
}

/** As far as the rotator has seen. A key that signs, or has signed, was on every server. */
function isListed({ state, unlisted, onEveryServer }: RingKey): boolean {
  if (state === 'staged') return onEveryServer === true;
  return state !== 'retired' && !unlisted;
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

function secondsOrNull(milliseconds: number | undefined): number | null {
  return milliseconds === undefined ? null : seconds(milliseconds);
}
