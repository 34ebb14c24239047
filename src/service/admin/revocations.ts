import type { RevocationsAnswer, RevokeAnswer } from '../../admin-api/revocations.ts';
import type { RevocationEvent } from '../../audit/event.ts';
import { audited, origin, record } from '../../audit/record.ts';
import { unixSeconds } from '../../clock.ts';
import { didYouMean } from '../../suggest.ts';
import { Refusal } from '../../errors.ts';
import type { AdminCaller, RevokeAsk } from '../../http/admin/actions.ts';
import { ANY_ROLE, trustedKeys } from '../../keyring/ring.ts';
import { filterOf } from '../../revocation/revoker.ts';
import {
  isRevocationId,
  newRevocationId,
  readRevocation,
  type Revocation,
  REVOCATION_PREFIX,
  revocationKey,
  type RevocationTarget,
  revocationText,
} from '../../revocation/revocation.ts';
import { issuerName, targetName } from '../target-names.ts';
import { atAdmin } from './access.ts';
import { type AdminDeps, ATTEMPTS, BUSY, notFound, readRings } from './deps.ts';
import { longestReachSeconds, reachOf } from './reach.ts';

/** Every revocation in the store that can be read, the latest first. */
export async function listRevocations({ state }: AdminDeps): Promise<RevocationsAnswer> {
  const listed = new Map<string, number>();
  for (const { ring } of await readRings(state)) {
    for (const { by, gone } of Object.values(ring.revoked)) {
      for (const id of gone ? [] : by) listed.set(id, (listed.get(id) ?? 0) + 1);
    }
  }
  const revocations = (await state.list(REVOCATION_PREFIX)).flatMap(
    ({ value }) => readRevocation(value) ?? [],
  );
  return {
    revocations: revocations
      .toSorted((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1))
      .map(({ id, target, reason, block, at, until, by }) => ({
        id,
        target,
        reason,
        block,
        at,
        until,
        by: { issuer: by.issuerName, subject: by.subject },
        credentials: listed.get(id) ?? 0,
      })),
  };
}

/** Makes a revocation: it is in force everywhere as soon as it is stored. */
export async function revoke(
  deps: AdminDeps,
  { target: asked, reason, block, dryRun }: RevokeAsk,
  caller: AdminCaller,
): Promise<RevokeAnswer | Refusal> {
  const target = byName(asked, deps.config());
  const wrong = (await unknownTarget(deps, target)) ?? lockedOut(target, block, caller);
  if (wrong) return wrong;
  const at = unixSeconds(deps.clock);
  const { issuerName, subject } = caller.identity;
  const revocation: Omit<Revocation, 'id'> = {
    target,
    reason,
    block,
    at,
    by: { issuerName, subject },
    until: at + (await longestReachSeconds(deps)),
  };
  const rings = (await readRings(deps.state)).map(({ ring }) => ring);
  const made = dryRun ? undefined : await make(deps, revocation, caller);
  if (made instanceof Refusal) return made;
  // Counted once it is in force, since counting may take longer than revoking.
  const { credentials, notCut, sessions } = await reachOf(deps, revocation, rings);
  return {
    ...(made && { id: made.id }),
    target,
    block,
    at,
    credentials,
    credentials_not_cut: notCut,
    sessions,
  };
}

const UNREADABLE = new Refusal(
  'parameter_invalid',
  'This version of nats-sts cannot read this revocation. Lift it with the newer version that made it.',
);

/** Deletes a revocation. The rotator then removes its revoked users from the account JWTs. */
export async function lift(
  { state, audit, clock }: AdminDeps,
  id: string,
  caller: AdminCaller,
): Promise<Refusal | undefined> {
  let recorded = false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const key = revocationKey(id);
    const entry = isRevocationId(id)
      ? (await state.list(key)).find((entry) => entry.key === key)
      : undefined;
    if (!entry) return recorded ? undefined : notFound('There is no revocation with this ID.');
    if (!recorded) {
      const revocation = readRevocation(entry.value);
      if (!revocation) return UNREADABLE;
      const refusal = await record(audit, {
        ...eventOf(revocation, 'lifted'),
        ...origin(clock, atAdmin(caller)),
        identity: audited(caller.identity),
      });
      if (refusal) return refusal;
      recorded = true;
    }
    if (await state.write(key, undefined, entry.revision)) return undefined;
  }
  return BUSY;
}

/** Records the revocation, then stores it. */
async function make(
  { state, audit, clock }: AdminDeps,
  revocation: Omit<Revocation, 'id'>,
  caller: AdminCaller,
): Promise<Revocation | Refusal> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const made = { id: newRevocationId(), ...revocation };
    const refusal = await record(audit, {
      ...eventOf(made, 'made'),
      ...origin(clock, atAdmin(caller)),
      identity: audited(caller.identity),
    });
    if (refusal) return refusal;
    if (await state.write(revocationKey(made.id), revocationText(made), 0)) return made;
  }
  return BUSY;
}

function eventOf(
  { id, target, reason, block }: Revocation,
  change: RevocationEvent['change'],
): Omit<RevocationEvent, 'time'> {
  return { type: 'revocation', change, id, target: { ...target }, reason, block };
}

/** Accepts the URL of an issuer, which people find in records and tokens; a revocation is stored with its name. */
function byName(
  target: RevocationTarget,
  { issuers }: ReturnType<AdminDeps['config']>,
): RevocationTarget {
  return 'issuer' in target ? { ...target, issuer: issuerName(target.issuer, issuers) } : target;
}

/** Refuses a name that does not exist: the revocation would revoke nobody, but appear to work. */
async function unknownTarget(
  deps: AdminDeps,
  target: RevocationTarget,
): Promise<Refusal | undefined> {
  const named = targetName(target, deps.config());
  if (!named || named.configured.includes(named.name)) return undefined;
  if (await isRemembered(deps, target)) return undefined;
  const { what, name, configured } = named;
  const known = configured.length === 0 ? 'none is configured' : `use ${among(configured)}`;
  const url = what === 'issuer' ? ', or its URL' : '';
  return notFound(`There is no ${what} "${name}"${didYouMean(name, configured)}: ${known}${url}.`);
}

const LISTED = 20;

function among(names: readonly string[]): string {
  const listed = names.slice(0, LISTED).join(', ');
  const more = names.length - LISTED;
  const rest = more > 0 ? ` or ${more} more` : '';
  return names.length === 1 ? listed : `one of ${listed}${rest}`;
}

/** A name that was removed from the configuration may still have keys and credentials. */
async function isRemembered(
  { ledger, state }: AdminDeps,
  target: RevocationTarget,
): Promise<boolean> {
  if ('role' in target && target.role !== ANY_ROLE) {
    const keys = (await readRings(state)).flatMap(({ ring }) => trustedKeys(ring));
    if (keys.some(({ slot }) => slot === target.role)) return true;
  }
  for await (const _ of ledger.alive(filterOf(target))) return true;
  return false;
}

/** Administrators who block themselves could not lift the block. */
function lockedOut(
  target: RevocationTarget,
  block: boolean,
  { identity }: AdminCaller,
): Refusal | undefined {
  const self =
    'issuer' in target &&
    target.issuer === identity.issuerName &&
    target.subject === identity.subject;
  if (!self || !block) return undefined;
  return new Refusal(
    'parameter_invalid',
    'This would block you, and you could not lift it. Ask another administrator to do it.',
  );
}
