import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Assessment } from '../account/assess.ts';
import type { Clock } from '../clock.ts';
import { noteAdmission } from '../keyring/changes.ts';
import {
  emptyRing,
  parseRing,
  type Ring,
  ringKey,
  ringText,
  trustedKeys,
} from '../keyring/ring.ts';
import type { Sealer } from '../keyring/sealing.ts';
import type { Seen, Spare } from '../keyring/step-input.ts';
import { step } from '../keyring/step.ts';
import { createKeyPair } from '../nats/key-pair.ts';
import type { SharedState } from '../store/shared-state.ts';
import type { Lease } from './lease.ts';
import type { PushesInFlight } from './pushes-in-flight.ts';
import type { PushPacer } from './push-pacer.ts';
import type { RotatedAccount } from './rotated-account.ts';
import type { Reporter } from './reporter.ts';
import type { Look, Servers } from './servers.ts';

export interface PassParts {
  readonly state: SharedState;
  readonly lease: Pick<Lease, 'held'>;
  readonly leaseMilliseconds: number;
  readonly inFlight: PushesInFlight;
  readonly clock: Clock;
  readonly monotonic: () => number;
  readonly sealer: Sealer;
  readonly servers: (account: RotatedAccount) => Servers;
  /**
   * The ring with the users that revocations disconnect, and with keys revoked where the account JWT, of which `base`
   * is the newest, has no room for the users.
   */
  readonly revoke: (ring: Ring, base: Assessment['base']) => Promise<Ring>;
  readonly reporter: Reporter;
}

const NOTHING: Seen = { complete: false, confirmed: new Set() };

/** How long a push may take to be applied everywhere before it is made again. */
const CONFIRM_MILLISECONDS = 2000;

/** The pass did everything but record it. The record stays in the ring for a later pass. */
export class NotRecorded extends Error {
  override readonly name = 'NotRecorded';
}

/** How many changes are kept while nothing can be recorded: the ring is one text of limited length. */
const UNREPORTED_KEPT = 500;

/** One pass over one account. */
export interface Pass {
  readonly account: RotatedAccount;
  /** Of the lease under which it is made. */
  readonly term: number;
  readonly pacer: PushPacer;
  /** Grows whenever the ring or a revocation may have changed. */
  readonly wakes: () => number;
}

/**
 * One pass over one account: look, decide, store, act. Whatever it did not get to do, the next pass
 * does; so it can be ended at any point. True when there is more to do at once.
 *
 * @throws when the store or the servers can't be reached; `NotRecorded` at its end.
 */
export async function runPass(
  parts: PassParts,
  { account, term, ...rest }: Pass,
): Promise<boolean> {
  const stored = await readRing(parts.state, account);
  const readAt = parts.monotonic();
  const servers = parts.servers(account);
  const look = await servers.look(stored.ring);
  const ring = await decide(parts, { account, term, look, ring: stored.ring, readAt });
  if (ring !== stored.ring && !(await store(parts, account, ring, stored.revision))) return true;
  const unrecorded: unknown[] = [];
  const publishing: Publishing = { ...rest, account, look, ring, readAt, servers, unrecorded };
  let pushed: Pushed = { more: false };
  let reported = false;
  try {
    // Before anything is recorded: no account JWT lists the next key between an activation and this push.
    if (account.kind === 'managed') pushed = await push(parts, publishing);
  } finally {
    reported = await report(parts, { account, ring, unrecorded });
  }
  await pushed.confirm?.();
  if (unrecorded.length > 0) throw notRecorded(unrecorded[0]);
  return pushed.more || reported || ring !== stored.ring;
}

function notRecorded(cause: unknown): NotRecorded {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new NotRecorded(`cannot record changes of signing keys: ${why}`, { cause });
}

async function readRing(
  state: SharedState,
  account: RotatedAccount,
): Promise<{ ring: Ring; revision: number }> {
  const { name, publicKey, kind } = account;
  const key = ringKey(name);
  const entry = (await state.list(key)).find((entry) => entry.key === key);
  if (!entry) return { ring: emptyRing({ account: name, publicKey, kind }), revision: 0 };
  const ring = parseRing(entry.value);
  if (ring.publicKey !== publicKey || ring.kind !== kind) {
    throw new Error(
      `the store has a ${ring.kind} key ring of account ${name} for ${ring.publicKey}, but the configuration says ${kind} and ${publicKey}: ` +
        'nothing was changed. Rename the account, or use the store that belongs to it',
    );
  }
  return { ring, revision: entry.revision };
}

async function decide(
  parts: PassParts,
  {
    account,
    term,
    look,
    ring,
    readAt,
  }: { account: RotatedAccount; term: number; look: Look; ring: Ring; readAt: number },
): Promise<Ring> {
  const assessment = look.assess(ring);
  parts.reporter.saw(account, ring, assessment);
  parts.inFlight.saw(account.name, assessment);
  const inFlight = await parts.inFlight.of(ring, account.wanted.stagedMilliseconds);
  const revoked = await parts.revoke(ring, assessment.base);
  const now = parts.clock.now();
  // What was seen a lease term ago proves nothing: a late push of someone else may have come since.
  const stale = parts.monotonic() - readAt >= parts.leaseMilliseconds;
  const seen = stale ? NOTHING : assessment;
  const noted =
    stale || !assessment.admission ? revoked : noteAdmission(revoked, assessment.admission);
  const input = { now, term, ring: noted, wanted: account.wanted, seen, inFlight };
  const first = step({ ...input, spares: [] });
  const spares = await makeSpares(parts.sealer, first.sparesMissing);
  const next = spares.length === 0 ? first.ring : step({ ...input, spares }).ring;
  const made = new Set(spares.map(({ publicKey }) => publicKey));
  return parts.servers(account).prove(next, made);
}

async function makeSpares(sealer: Sealer, count: number): Promise<Spare[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const pair = createKeyPair('account');
      const { publicKey } = pair;
      const sealedSeed = await sealer.seal(publicKey, pair.seed());
      pair.wipe();
      return { publicKey, sealedSeed };
    }),
  );
}

/** False when someone else changed the ring meanwhile. */
async function store(
  { state }: PassParts,
  { name }: RotatedAccount,
  ring: Ring,
  revision: number,
): Promise<boolean> {
  return (await state.write(ringKey(name), ringText(ring), revision)) !== undefined;
}

/**
 * Records each change of a key, then removes it from the ring: after a crash in between, a change is
 * recorded twice rather than never. What cannot be recorded holds nothing up. True when the ring was changed.
 */
async function report(
  parts: PassParts,
  { account, ring, unrecorded }: { account: RotatedAccount; ring: Ring; unrecorded: unknown[] },
): Promise<boolean> {
  const { unreported } = ring;
  let told = 0;
  try {
    for (; told < unreported.length; told += 1) {
      const change = unreported[told];
      if (change) await parts.reporter.changed(change);
    }
  } catch (error) {
    unrecorded.push(error);
    // The oldest go, so that the ring can still be stored.
    told = Math.max(told, unreported.length - UNREPORTED_KEPT);
  }
  if (told === 0) return false;
  const stored = await readRing(parts.state, account);
  const done = new Set(unreported.slice(0, told).map((change) => JSON.stringify(change)));
  const left = stored.ring.unreported.filter((change) => !done.has(JSON.stringify(change)));
  await store(parts, account, { ...stored.ring, unreported: left }, stored.revision);
  return true;
}

interface Publishing extends Pick<Pass, 'account' | 'pacer' | 'wakes'> {
  readonly look: Look;
  readonly ring: Ring;
  readonly readAt: number;
  readonly servers: Servers;
  readonly unrecorded: unknown[];
}

/** Result of a push. */
interface Pushed {
  /** There is more to do at once. */
  readonly more: boolean;
  /** Something was pushed: waits until every server that answers has applied it, and reports that. */
  readonly confirm?: () => Promise<void>;
}

/** Sends the account JWT that the ring asks for, if the servers lack it. */
async function push(parts: PassParts, publishing: Publishing): Promise<Pushed> {
  const { account, look, ring, readAt, servers, pacer } = publishing;
  const assessment = look.assess(ring);
  if (!assessment.push) {
    pacer.applied();
    return { more: false };
  }
  if (!pacer.isDue(assessment)) return { more: false };
  // The ring that is pushed is the one just read, under a lease that is ours this very moment.
  if (parts.monotonic() - readAt >= parts.leaseMilliseconds) return { more: true };
  if (!(await parts.lease.held())) return { more: false };
  const startedAt = parts.monotonic();
  parts.inFlight.sent(account.name, assessment.push.claims);
  const bytes = await servers.push(assessment.push.claims);
  pacer.pushed(assessment, startedAt);
  parts.reporter.pushed(account, assessment, bytes);
  return { more: true, confirm: () => settlePush(parts, publishing, { assessment, startedAt }) };
}

async function settlePush(
  parts: PassParts,
  publishing: Publishing,
  { assessment, startedAt }: { readonly assessment: Assessment; readonly startedAt: number },
): Promise<void> {
  const { account, ring, unrecorded } = publishing;
  const applied = await confirm(parts, { ...publishing, startedAt });
  if (applied) parts.reporter.confirmed(account, parts.monotonic() - startedAt);
  if (assessment.push?.why !== 'drift') return;
  await parts.reporter
    .drifted(account, ring, assessment, applied)
    .catch((error: unknown) => unrecorded.push(error));
}

/** Whether every server has applied what was pushed. */
async function confirm(
  parts: PassParts,
  { account, ring, servers, pacer, wakes, startedAt }: Publishing & { startedAt: number },
): Promise<boolean> {
  const { monotonic } = parts;
  let heard = wakes();
  for (
    let pause = 2;
    monotonic() - startedAt < CONFIRM_MILLISECONDS;
    pause = Math.min(pause * 2, 100)
  ) {
    const seen = (await servers.look(ring)).assess(ring);
    parts.inFlight.saw(account.name, seen);
    // Every server that answers has it. One that hangs must not delay the next change; later looks handle it.
    if (!seen.push) {
      pacer.applied();
      return seen.complete;
    }
    // Nor must one that doesn't apply it.
    if (wakes() !== heard) {
      heard = wakes();
      if (await isOutdated(parts, { account, pushed: ring, base: seen.base })) return false;
    }
    await wait(pause);
  }
  return false;
}

/** Whether the account JWT would be different by now. */
async function isOutdated(
  { state, revoke }: PassParts,
  { account, pushed, base }: { account: RotatedAccount; pushed: Ring; base: Assessment['base'] },
): Promise<boolean> {
  const stored = await readRing(state, account);
  const now = await revoke(stored.ring, base);
  return !isDeepStrictEqual(entriesOf(now), entriesOf(pushed));
}

function entriesOf(ring: Ring): unknown {
  const keys = trustedKeys(ring).map(({ publicKey, scope }) => ({ publicKey, scope }));
  return { keys, revoked: ring.revoked };
}
