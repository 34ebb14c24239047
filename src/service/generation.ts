import type { Config } from '../config/config.ts';
import { InvalidInput } from '../errors.ts';
import type { ExchangeParts } from '../exchange.ts';
import { createVerifier, type Verifier } from '../identity/verify.ts';
import { givenKeys } from '../keyring/given-keys.ts';
import type { KeyRing } from '../keyring/key-ring.ts';
import { ringKeys } from '../keyring/ring-keys.ts';
import type { Policy } from '../policy/compile.ts';
import type { Foundation } from './foundation.ts';
import { policyOf } from './preflight.ts';
import { type RingedAccount, ringedAccounts } from './rotated-accounts.ts';

/** One configuration and the parts built from it; a reload swaps the whole. */
export interface Generation {
  readonly config: Config;
  readonly policy: Policy;
  readonly parts: ExchangeParts;
  readonly verifier: Verifier;
  /** Accounts whose keys are in a ring. */
  readonly ringed: readonly RingedAccount[];
}

/**
 * Builds the parts of one configuration. Issuers' keys that `previous` has fetched are taken over.
 *
 * @throws InvalidInput when policy, signing keys and the stored rings don't fit together; then
 * nothing was started.
 */
export function buildGeneration(
  foundation: Foundation,
  config: Config,
  previous?: Generation,
): Generation {
  const { clock, audit, singleUse, revocations } = foundation;
  const policy = policyOf(config);
  const ringed = ringedAccounts(config, policy);
  checkRings(foundation, config, ringed);
  const verifier = createVerifier({
    issuers: config.issuers,
    tokenBytes: config.limits.tokenBytes,
    clock,
    singleUse,
    ...(previous && { reusing: previous.verifier }),
  });
  const capped = config.issuers.filter(({ capToTokenExpiry }) => capToTokenExpiry);
  return {
    config,
    policy,
    verifier,
    ringed,
    parts: {
      clock,
      verifier,
      policy,
      revocations,
      audit,
      keyRing: keyRing(foundation, config, ringed),
      drafting: { maxControlLineBytes: config.nats.maxControlLineBytes },
      cappedIssuers: new Set(capped.map(({ name }) => name)),
    },
  };
}

/** A ring that is there and can't be opened must stop us: a new one would cut everybody off. */
function checkRings(
  { rings }: Foundation,
  { file }: Config,
  ringed: readonly RingedAccount[],
): void {
  const problems = ringed.flatMap(({ name }) => {
    const message = rings.problems.get(name);
    return message === undefined ? [] : [{ path: `accounts.${name}`, message }];
  });
  if (problems.length > 0) throw new InvalidInput(file, problems);
}

/** Keys in rings where they rotate, else the keys that were given. */
function keyRing(
  { rings, clock }: Foundation,
  { accounts }: Config,
  ringed: readonly RingedAccount[],
): KeyRing {
  const inRings = ringKeys({ view: rings, accounts: ringed, clock });
  const given = givenKeys(accounts);
  const names = new Set(ringed.map(({ name }) => name));
  return {
    active: (account, role, lifetimeSeconds) =>
      names.has(account)
        ? inRings.active(account, role, lifetimeSeconds)
        : given.active(account, role),
  };
}
