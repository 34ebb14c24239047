import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { emptyRing, parseRing, type Ring, ringKey, ringText } from '../keyring/ring.ts';
import type { Sealer } from '../keyring/sealing.ts';
import { type Seen, type Spare, step } from '../keyring/step.ts';
import { createKeyPair } from '../nats/key-pair.ts';
import type { SharedState } from '../store/shared-state.ts';
import type { Lease } from './lease.ts';
import type { RotatedAccount } from './rotated-account.ts';
import type { Reporter } from './reporter.ts';
import type { Look, Servers } from './servers.ts';

export interface TurnParts {
  readonly state: SharedState;
  readonly lease: Pick<Lease, 'held'>;
  readonly leaseMilliseconds: number;
  readonly clock: Clock;
  readonly monotonic: () => number;
  readonly sealer: Sealer;
  readonly servers: (account: RotatedAccount) => Servers;
  /** The ring with the users that revocations cut, and the keys where there are too many of them. */
  readonly revoke: (ring: Ring) => Promise<Ring>;
  readonly reporter: Reporter;
}

const NOTHING: Seen = { complete: false, confirmed: new Set() };

/** How long a push may take to be applied everywhere before it is made again. */
const CONFIRM_MILLISECONDS = 2000;

/**
 * One pass over one account: look, decide, store, act. Whatever it did not get to do, the next pass
 * does; so it can be ended at any point. True when there is more to do at once.
 *
 * @throws when the store or the servers can't be reached.
 */
export async function turn(
  parts: TurnParts,
  account: RotatedAccount,
  term: number,
): Promise<boolean> {
  const stored = await readRing(parts.state, account);
  const readAt = parts.monotonic();
  const servers = parts.servers(account);
  const look = await servers.look(stored.ring);
  const next = await decide(parts, { account, term, look, ring: stored.ring, readAt });
  if (next !== stored.ring && !(await store(parts, account, next, stored.revision))) return true;
  const reported = next.unreported.length > 0;
  if (reported) await report(parts, account, next);
  const pushed =
    account.kind === 'managed' &&
    (await publish(parts, { account, look, ring: next, readAt, servers }));
  return pushed || reported || next !== stored.ring;
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
      `the store has a ${ring.kind} key ring of account ${name} for ${ring.publicKey}, the configuration says ${kind} and ${publicKey}: ` +
        'nothing was changed; give the account another name, or the store that belongs to it',
    );
  }
  return { ring, revision: entry.revision };
}

async function decide(
  parts: TurnParts,
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
  const revoked = await parts.revoke(ring);
  const now = parts.clock.now();
  // What was seen a lease term ago proves nothing: a late push of someone else may have come since.
  const stale = parts.monotonic() - readAt >= parts.leaseMilliseconds;
  const seen = stale ? NOTHING : assessment;
  const input = { now, term, ring: revoked, wanted: account.wanted, seen };
  const first = step({ ...input, spares: [] });
  if (first.sparesMissing === 0) return first.ring;
  return step({ ...input, spares: await makeSpares(parts.sealer, first.sparesMissing) }).ring;
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
  { state }: TurnParts,
  { name }: RotatedAccount,
  ring: Ring,
  revision: number,
): Promise<boolean> {
  return (await state.write(ringKey(name), ringText(ring), revision)) !== undefined;
}

/** Told first, forgotten then: after a crash in between a change is told twice, never not at all. */
async function report(parts: TurnParts, account: RotatedAccount, ring: Ring): Promise<void> {
  for (const change of ring.unreported) await parts.reporter.changed(change);
  const stored = await readRing(parts.state, account);
  const told = new Set(ring.unreported.map((change) => JSON.stringify(change)));
  const unreported = stored.ring.unreported.filter((change) => !told.has(JSON.stringify(change)));
  await store(parts, account, { ...stored.ring, unreported }, stored.revision);
}

/** Brings the servers to what the ring says, and waits until they have it. True when something was pushed. */
async function publish(
  parts: TurnParts,
  {
    account,
    look,
    ring,
    readAt,
    servers,
  }: { account: RotatedAccount; look: Look; ring: Ring; readAt: number; servers: Servers },
): Promise<boolean> {
  const assessment = look.assess(ring);
  if (!assessment.push) return false;
  // The ring that is pushed is the one just read, under a lease that is ours this very moment.
  const stale = parts.monotonic() - readAt >= parts.leaseMilliseconds;
  if (stale || !(await parts.lease.held())) return true;
  const startedAt = parts.monotonic();
  const bytes = await servers.push(assessment.push.claims);
  parts.reporter.pushed(account, assessment, bytes);
  const applied = await confirm(parts, { ring, servers, startedAt });
  if (assessment.push.why === 'drift')
    await parts.reporter.drifted(account, ring, assessment, applied);
  if (applied) parts.reporter.confirmed(account, parts.monotonic() - startedAt);
  return true;
}

async function confirm(
  { monotonic }: TurnParts,
  { ring, servers, startedAt }: { ring: Ring; servers: Servers; startedAt: number },
): Promise<boolean> {
  for (
    let pause = 2;
    monotonic() - startedAt < CONFIRM_MILLISECONDS;
    pause = Math.min(pause * 2, 100)
  ) {
    const seen = (await servers.look(ring)).assess(ring);
    // Whoever answers has it. One that hangs must not hold up the next change; later looks see to it.
    if (!seen.push) return seen.complete;
    await wait(pause);
  }
  return false;
}
