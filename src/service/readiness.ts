import type { SystemConnection } from '../account/system-connection.ts';
import type { AuditLog } from '../audit/log.ts';
import type { Clock } from '../clock.ts';
import type { PartStatus } from '../http/service-routes.ts';
import type { KeySetStatus } from '../identity/key-set.ts';
import type { Verifier } from '../identity/verify.ts';
import type { KeyRing } from '../keyring/key-ring.ts';
import type { Ring } from '../keyring/ring.ts';
import type { RingView } from '../keyring/ring-view.ts';
import type { Policy } from '../policy/compile.ts';

/**
 * What `/readyz` tells, part by part.
 *
 * One issuer of several that can't be reached does not make the service unready, nor does a role
 * that waits for its key: that would take all replicas away from the callers of the others. No
 * issuer at all does, and no role whose key signs.
 */
export function partStatus({
  policy,
  keyRing,
  verifier,
  audit,
  rings,
  clock,
  stopping,
}: {
  readonly policy: Policy;
  readonly keyRing: KeyRing;
  readonly rings: Pick<RingView, 'ring' | 'freshAt'>;
  readonly clock: Clock;
  readonly verifier: Pick<Verifier, 'status'>;
  readonly audit: Pick<AuditLog, 'healthy'>;
  readonly stopping: boolean;
}): Record<string, PartStatus> {
  const issuers = verifier.status();
  const oneIsReady = issuers.some(({ ready }) => ready);
  return {
    service: part(!stopping, 'it is stopping'),
    audit: part(audit.healthy(), 'the audit log can not be written'),
    ...Object.fromEntries(
      issuers.map((issuer) => [
        `issuer:${issuer.name}`,
        { ...issuerPart(issuer), essential: !oneIsReady },
      ]),
    ),
    ...accountParts(policy, keyRing, (account) => {
      const ring = rings.ring(account);
      return ring ? whyNone(ring, clock.now() - rings.freshAt()) : '';
    }),
  };
}

/** One that is ready may still have something to say: some of its keys cannot be used. */
function issuerPart({ ready, lastError, notice }: KeySetStatus): PartStatus {
  const message = ready ? notice : (lastError ?? 'its keys were not fetched yet');
  return { ready, essential: true, ...(message !== undefined && { message }) };
}

/** An account is ready when each of its roles has a key that signs now; those that wait are named. */
function accountParts(
  policy: Policy,
  keyRing: KeyRing,
  why: (account: string) => string,
): Record<string, PartStatus> {
  const waiting = new Map<string, string[]>();
  for (const { spec } of policy.roles.values()) {
    const roles = waiting.get(spec.account) ?? [];
    if (!keyRing.active(spec.account, spec.name, 0)) roles.push(spec.name);
    waiting.set(spec.account, roles);
  }
  const noneSigns = [...waiting.values()].flat().length === policy.roles.size;
  return Object.fromEntries(
    [...waiting].map(([account, roles]) => {
      const message = `no signing key may sign now for ${roles.join(', ')}${why(account)}`;
      return [`account:${account}`, { ...part(roles.length === 0, message), essential: noneSigns }];
    }),
  );
}

/** So long the store may be out of sight before that explains anything; it is looked at once a second or more. */
const STALE_MILLISECONDS = 3000;

/**
 * Keys sign as long as the store is surely known; those that the operator gave, once the account is
 * seen to list them.
 */
function whyNone(ring: Ring, storeAgeMilliseconds: number): string {
  if (storeAgeMilliseconds > STALE_MILLISECONDS) {
    return `: the store could not be read for ${Math.round(storeAgeMilliseconds / 1000)} s`;
  }
  if (ring.kind !== 'external') return '';
  const waiting = ring.keys.filter(
    ({ state, unlisted }) => state === 'staged' || (state === 'active' && unlisted),
  );
  if (waiting.length === 0) return '';
  const keys = waiting.map(({ publicKey }) => publicKey);
  return `: the account is not seen to list ${keys.join(', ')} as given; the rotator's log says more`;
}

/** So long the store may be out of sight before the rotator counts as not ready. */
const STORE_MILLISECONDS = 10_000;

/** What `/readyz` of a process tells that only rotates. One that waits for the lease of another is ready. */
export function rotatorStatus({
  audit,
  storeAgeMilliseconds,
  system,
  accounts,
  troubled,
  stopping,
}: {
  readonly audit: AuditLog;
  /** How long ago the store was last read to its end. */
  readonly storeAgeMilliseconds: number;
  /** Absent where there are only external accounts, looked at from outside. */
  readonly system: Pick<SystemConnection, 'current'> | undefined;
  readonly accounts: readonly { readonly name: string }[];
  /** Names of accounts that something keeps from being rotated. */
  readonly troubled: ReadonlySet<string>;
  readonly stopping: boolean;
}): Record<string, PartStatus> {
  const connected = system && typeof system.current() !== 'string';
  return {
    service: part(!stopping, 'it is stopping'),
    audit: part(audit.healthy(), 'the audit log can not be written'),
    store: part(storeAgeMilliseconds < STORE_MILLISECONDS, 'the store can not be read'),
    ...(connected !== undefined && {
      nats: part(connected, 'the system account can not be used; the log says why'),
    }),
    ...Object.fromEntries(
      accounts.map(({ name }) => [
        `account:${name}`,
        part(!troubled.has(name), 'its signing keys can not be rotated; the log says why'),
      ]),
    ),
  };
}

function part(ready: boolean, message: string): PartStatus {
  return { ready, essential: true, ...(!ready && { message }) };
}
