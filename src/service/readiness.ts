import type { SystemConnection } from '../account/system/connection.ts';
import type { AuditLog } from '../audit/log.ts';
import { type Clock, unixSeconds } from '../clock.ts';
import type { ExchangeParts } from '../exchange.ts';
import type { PartStatus } from '../http/service-routes.ts';
import type { KeySetStatus } from '../identity/keys/key-set.ts';
import type { Verifier } from '../identity/verify.ts';
import type { KeyRing } from '../keyring/key-ring.ts';
import type { Obstacles } from '../keyring/rotation-obstacles.ts';
import type { Ring } from '../keyring/ring.ts';
import type { RingView } from '../keyring/ring-view.ts';
import { connectionUse, whyRefused } from '../nats/admission.ts';
import type { Policy } from '../policy/compile.ts';
import type { RoleSpec } from '../policy/policy.ts';

/**
 * The answer of `/readyz`, part by part.
 *
 * If one of several issuers cannot be reached, or one role waits for its key, the service stays ready:
 * otherwise callers of the others would lose all replicas. It is not ready if no issuer is ready, or if no
 * role's key signs. An account whose users NATS refuses never matters: all replicas see the same, and a
 * replica taken out of service would not recover sooner.
 */
export function partStatus({
  policy,
  keyRing,
  verifier,
  audit,
  admission,
  rings,
  obstacles,
  clock,
  stopping,
}: {
  readonly policy: Policy;
  readonly keyRing: KeyRing;
  /** Whether NATS lets users of an account in; absent if nothing checks that. */
  readonly admission?: ExchangeParts['admission'];
  readonly rings: Pick<RingView, 'ring' | 'freshAt'>;
  /** Why the rotator's last pass over an account failed. */
  readonly obstacles: Pick<Obstacles, 'of'>;
  readonly clock: Clock;
  readonly verifier: Pick<Verifier, 'status'>;
  readonly audit: Pick<AuditLog, 'healthy'>;
  readonly stopping: boolean;
}): Record<string, PartStatus> {
  const issuers = verifier.status();
  const oneIsReady = issuers.some(({ ready }) => ready);
  return {
    service: part(!stopping, 'the service is stopping'),
    audit: part(audit.healthy(), 'cannot write the audit log'),
    ...Object.fromEntries(
      issuers.map((issuer) => [
        `issuer:${issuer.name}`,
        { ...issuerPart(issuer), essential: !oneIsReady },
      ]),
    ),
    ...accountParts(policy, {
      keyRing,
      whyNoKey: (account) => {
        const ring = rings.ring(account);
        const why = ring ? whyNone(ring, clock.now() - rings.freshAt()) : '';
        return why === '' && obstacles.of(account) !== undefined ? ROTATOR_STUCK : why;
      },
      whyRefused: ({ account, connectionTypes }) =>
        admission &&
        whyRefused(admission(account), {
          nowSeconds: unixSeconds(clock),
          use: connectionUse(connectionTypes),
        }),
    }),
  };
}

/** A ready issuer may still have a notice: some of its keys cannot be used. */
function issuerPart({ ready, lastError, notice }: KeySetStatus): PartStatus {
  const message = ready ? notice : (lastError ?? 'its keys have not been fetched yet');
  return { ready, essential: true, ...(message !== undefined && { message }) };
}

/** What keeps roles of one account from getting credentials. */
interface Waiting {
  /** Roles for which no key signs. */
  readonly keyless: string[];
  /** Why NATS refuses users → their roles. */
  readonly refused: Map<string, string[]>;
}

/**
 * An account is ready if NATS lets its users in and each of its roles has a key that signs now. The
 * message names the roles that wait.
 */
function accountParts(
  policy: Policy,
  parts: {
    readonly keyRing: KeyRing;
    readonly whyNoKey: (account: string) => string;
    readonly whyRefused: (role: RoleSpec) => string | undefined;
  },
): Record<string, PartStatus> {
  const accounts = new Map<string, Waiting>();
  let noneSigns = true;
  for (const { spec } of policy.roles.values()) {
    const waiting: Waiting = accounts.get(spec.account) ?? { keyless: [], refused: new Map() };
    accounts.set(spec.account, waiting);
    const why = parts.whyRefused(spec);
    if (why !== undefined) {
      waiting.refused.set(why, [...(waiting.refused.get(why) ?? []), spec.name]);
    }
    if (parts.keyRing.active(spec.account, spec.name, 0)) noneSigns = false;
    else waiting.keyless.push(spec.name);
  }
  return Object.fromEntries(
    [...accounts].map(([account, { keyless, refused }]) => {
      const messages = [...refused].map(
        ([why, roles]) => `NATS refuses all users with role ${roles.join(', ')}: ${why}`,
      );
      if (keyless.length > 0) {
        messages.push(
          `no signing key can sign now for ${keyless.join(', ')}${parts.whyNoKey(account)}`,
        );
      }
      return [
        `account:${account}`,
        { ...part(messages.length === 0, messages.join('; ')), essential: noneSigns },
      ];
    }),
  );
}

/** Gives no details: they may name servers, and anyone can read `/readyz`. */
const ROTATOR_STUCK =
  ': the rotator cannot work with the NATS servers; nats-sts keys list and the rotator log say why';

/** How long the store may be silent before that explains a missing key; it is read at least once a second. */
const STALE_MILLISECONDS = 3000;

/**
 * Keys sign only while the store is known to be current; given keys, only once the account is seen to list
 * them.
 */
function whyNone(ring: Ring, storeAgeMilliseconds: number): string {
  if (storeAgeMilliseconds > STALE_MILLISECONDS) {
    return `: the store has not been read for ${Math.round(storeAgeMilliseconds / 1000)} s`;
  }
  if (ring.kind !== 'external') return '';
  const waiting = ring.keys.filter(
    ({ state, unlisted }) => state === 'staged' || (state === 'active' && unlisted),
  );
  if (waiting.length === 0) return '';
  const keys = waiting.map(({ publicKey }) => publicKey);
  return `: NATS does not yet accept users signed by ${keys.join(', ')}; see the rotator log`;
}

/** How long the store may be silent before the rotator is not ready. */
const STORE_MILLISECONDS = 10_000;

/** The answer of `/readyz` of a rotator. It is ready while it waits for another process's lease. */
export function rotatorStatus({
  audit,
  storeAgeMilliseconds,
  system,
  accounts,
  troubled,
  whyRefused,
  stopping,
}: {
  readonly audit: AuditLog;
  /** How long ago the store was last read completely. */
  readonly storeAgeMilliseconds: number;
  /** Absent without access to the system account. */
  readonly system: Pick<SystemConnection, 'current'> | undefined;
  readonly accounts: readonly { readonly name: string }[];
  /** Names of accounts that cannot be rotated. */
  readonly troubled: ReadonlySet<string>;
  /** Why NATS refuses all users of an account, by its name. */
  readonly whyRefused: (account: string) => string | undefined;
  readonly stopping: boolean;
}): Record<string, PartStatus> {
  const connected = system && typeof system.current() !== 'string';
  return {
    service: part(!stopping, 'the service is stopping'),
    audit: part(audit.healthy(), 'cannot write the audit log'),
    store: part(storeAgeMilliseconds < STORE_MILLISECONDS, 'cannot read the store'),
    ...(connected !== undefined && {
      nats: part(connected, 'cannot use the system account; the log says why'),
    }),
    ...Object.fromEntries(
      accounts.map(({ name }) => {
        const refused = whyRefused(name);
        const message =
          refused === undefined
            ? 'cannot rotate its signing keys; the log says why'
            : `NATS refuses all users: ${refused}`;
        return [
          `account:${name}`,
          {
            ...part(!troubled.has(name) && refused === undefined, message),
            essential: refused === undefined || troubled.has(name),
          },
        ];
      }),
    ),
  };
}

function part(ready: boolean, message: string): PartStatus {
  return { ready, essential: true, ...(!ready && { message }) };
}
