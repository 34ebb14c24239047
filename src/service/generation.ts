import type { Config } from '../config/config.ts';
import { InvalidInput } from '../errors.ts';
import type { ExchangeParts } from '../exchange.ts';
import { createVerifier, type Verifier } from '../identity/verify.ts';
import { givenKeys } from '../keyring/given-keys.ts';
import type { KeyRing } from '../keyring/key-ring.ts';
import { ringAdmission, ringKeys } from '../keyring/ring-keys.ts';
import type { RingView } from '../keyring/ring-view.ts';
import type { AdminPolicy } from '../policy/admin.ts';
import type { Policy } from '../policy/compile.ts';
import type { Resources } from './resources.ts';
import { logLostNames } from './target-names.ts';
import { calloutOnlyAccounts, preflight } from './signing/preflight.ts';
import { GRACE_SECONDS, type RingedAccount, ringedAccounts } from './signing/ringed-accounts.ts';
import type { Log } from '../log.ts';

/** What rotation needs from one configuration. */
export interface RotatedGeneration {
  readonly config: Config;
  readonly policy: Policy;
  /** Accounts whose keys are in a ring. */
  readonly ringed: readonly RingedAccount[];
}

/** One configuration and the parts built from it; a reload swaps the whole. */
export interface Generation extends RotatedGeneration {
  readonly parts: ExchangeParts;
  readonly admin: AdminPolicy;
  readonly verifier: Verifier;
}

/**
 * The policy of a configuration, and the accounts whose keys are in rings. Logs names that stored
 * revocations use and the configuration does not have.
 *
 * @throws InvalidInput if policy, signing keys and the stored rings do not fit together.
 */
export function buildRotated(resources: Resources, config: Config): RotatedGeneration {
  const { rings, configured } = resources;
  preflight(config);
  const { policy } = config;
  const ringed = ringedAccounts(config, policy);
  checkRings(rings, config, ringed);
  configured(config);
  if (resources.upkeep) logLostNames(resources, config);
  return { config, policy, ringed };
}

/**
 * Builds the parts of one configuration, and reuses the issuers' keys that `previous` has fetched.
 *
 * @throws InvalidInput if policy, signing keys and the stored rings do not fit together; then
 * nothing was started.
 */
export function buildGeneration(
  resources: Resources,
  config: Config,
  previous?: Generation,
): Generation {
  const { clock, audit, singleUse, revocations, rings, log } = resources;
  const rotated = buildRotated(resources, config);
  const { policy, ringed } = rotated;
  const verifier = createVerifier({
    issuers: config.issuers,
    tokenBytes: config.limits.tokenBytes,
    clock,
    singleUse,
    maxWaiting: waitingPerIssuer(config),
    onNotice: (issuer, why) => log.warn({ issuer, why }, 'some keys of an issuer cannot be used'),
    ...(previous && { reusing: previous.verifier }),
  });
  const capped = config.issuers.filter(({ capToTokenExpiry }) => capToTokenExpiry);
  return {
    ...rotated,
    verifier,
    admin: config.administrators,
    parts: {
      clock,
      verifier,
      policy,
      revocations,
      audit,
      keyRing: keyRing(resources, config, ringed),
      admission: ringAdmission({ view: rings, accounts: ringed }),
      calloutOnly: calloutOnlyAccounts(config),
      drafting: { maxControlLineBytes: config.nats.maxControlLineBytes },
      cappedIssuers: new Set(capped.map(({ name }) => name)),
    },
  };
}

const LEAST_WAITING = 10;

/** How many requests may wait for the keys of one issuer. They do not count toward `limits.concurrency`. */
export function waitingPerIssuer({ limits }: Pick<Config, 'limits'>): number {
  return Math.max(LEAST_WAITING, Math.ceil(limits.concurrentRequests / 4));
}

/** An existing ring that cannot be opened must stop us: a new ring would disconnect everybody. */
function checkRings(rings: RingView, { file }: Config, ringed: readonly RingedAccount[]): void {
  const problems = ringed.flatMap(({ name }) => {
    const message = rings.problems.get(name);
    return message === undefined ? [] : [{ path: `accounts.${name}`, message }];
  });
  if (problems.length > 0) throw new InvalidInput(file, problems);
}

/**
 * The keys in rings if they rotate, otherwise the given keys. Given keys can sign without the store, but a
 * replica that cannot reach JetStream does not learn of revocations, so it stops like one with rings. An
 * SQLite store needs no such check: without it, nothing can be recorded.
 */
function keyRing(
  { rings, obstacles, clock }: Resources,
  { accounts, store }: Config,
  ringed: readonly RingedAccount[],
): KeyRing {
  const inRings = ringKeys({ view: rings, obstacles, accounts: ringed, clock });
  const given = givenKeys(accounts);
  const names = new Set(ringed.map(({ name }) => name));
  const isCutOff = (): boolean =>
    store.jetstream !== undefined && clock.now() - rings.freshAt() > GRACE_SECONDS * 1000;
  return {
    pending: (account, role) => inRings.pending(account, role),
    active: (account, role, lifetimeSeconds) =>
      names.has(account)
        ? inRings.active(account, role, lifetimeSeconds)
        : isCutOff()
          ? undefined
          : given.active(account, role),
  };
}

/** Fetches keys before the first request. Logs issuers that cannot be reached; metrics show how that develops. */
export async function fetchKeys({ verifier }: Generation, log: Log): Promise<void> {
  await verifier.prewarm();
  for (const { name, ready, lastError } of verifier.status()) {
    if (ready) continue;
    log.warn(
      { issuer: name, why: lastError },
      'cannot fetch the keys of an issuer; its tokens are rejected until this works',
    );
  }
}
