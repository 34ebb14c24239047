import type { AccountSpec, Config } from '../../config/config.ts';
import type { RingAccount } from '../../keyring/ring-keys.ts';
import { ANY_ROLE, type KeyScope } from '../../keyring/ring.ts';
import type { Wanted, WantedSlot } from '../../keyring/step-input.ts';
import { CLIENTS, type ConnectionUse, connectionUse } from '../../nats/admission.ts';
import type { CalloutAuthorization } from '../../nats/account-claims.ts';
import { curvePublicKeyOfSeed } from '../../nats/curve-key-pair.ts';
import { keyPairFromSeed, publicKeyOfSeed } from '../../nats/key-pair.ts';
import type { Policy } from '../../policy/compile.ts';
import type { RotatedAccount } from '../../rotator/rotated-account.ts';
import { signingOf } from './role-signing.ts';

/** An account whose keys are in a ring in the store, with its configuration. */
export interface RingedAccount extends RotatedAccount, RingAccount {
  readonly spec: AccountSpec;
}

/** Grace of external accounts that do not rotate: how long their keys sign without contact with the store. */
export const GRACE_SECONDS = 300;

/** How long the user lives at most that nats-sts makes to connect for callouts. */
export const CALLOUT_USER_SECONDS = 3600;

/**
 * Managed accounts, and external accounts that rotate or can be verified. All other accounts use their
 * given keys directly.
 */
export function ringedAccounts(config: Config, policy: Policy): RingedAccount[] {
  return config.accounts.flatMap((spec) => {
    const { kind, rotation } = spec;
    if (kind === 'configured') return [];
    if (kind !== 'managed' && !rotation && !config.nats.system) return [];
    return ringed({ ...spec, kind }, config, policy);
  });
}

function ringed(spec: RingedSpec, config: Config, policy: Policy): RingedAccount {
  const { name, publicKey, kind, rotation } = spec;
  const callout = kind === 'managed' ? calloutOf(name, config, policy) : undefined;
  const graceMilliseconds = (rotation?.graceSeconds ?? GRACE_SECONDS) * 1000;
  const scopes = scopesOf(spec, policy);
  const given = spec.signingKeys.map(({ seed, role = ANY_ROLE }) => ({
    pair: keyPairFromSeed(seed),
    slot: role,
  }));
  const wanted: Wanted = {
    slots:
      kind === 'managed'
        ? managedSlots(spec, policy, { scopes, answersCallouts: callout !== undefined })
        : givenSlots(spec, scopes),
    ...(rotation?.everySeconds !== undefined && {
      everyMilliseconds: rotation.everySeconds * 1000,
    }),
    graceMilliseconds,
    stagedMilliseconds: config.rotator.leaseSeconds * 2000,
    ...(kind === 'external' && {
      given: given.map(({ pair, slot }) => {
        const scope = scopes.get(slot);
        return { publicKey: pair.publicKey, slot, ...(scope && { scope }) };
      }),
    }),
  };
  return {
    spec,
    name,
    publicKey,
    kind,
    wanted,
    ...(spec.limits && { limits: spec.limits }),
    ...(callout && { callout }),
    byCallout: config.callout?.account === name,
    use: useOf(spec, policy),
    graceMilliseconds,
    scopeOf: (role) => scopes.get(role),
    longestLifetimeOf: (role) =>
      policy.roles.get(role)?.spec.maxTtlSeconds ?? (callout ? CALLOUT_USER_SECONDS : 0),
    ...(kind === 'external' && {
      given: new Map(given.map(({ pair }) => [pair.publicKey, pair])),
    }),
  };
}

/** An account that can have a ring. */
type RingedSpec = AccountSpec & { readonly kind: RotatedAccount['kind'] };

/** What the JWT of a managed account says of the callout, if it is the one of the callout. */
function calloutOf(
  name: string,
  { callout, accounts }: Config,
  { roles }: Policy,
): CalloutAuthorization | undefined {
  if (callout?.account !== name || !('nkeySeed' in callout.login)) return undefined;
  const user = publicKeyOfSeed(callout.login.nkeySeed);
  if (user === undefined) return undefined;
  const withRoles = new Set([...roles.values()].map(({ spec }) => spec.account));
  const others = accounts.filter((other) => other.name !== name && withRoles.has(other.name));
  const [xkey] = callout.xkeySeeds.map(curvePublicKeyOfSeed);
  return {
    auth_users: [user],
    ...(others.length > 0 && { allowed_accounts: others.map(({ publicKey }) => publicKey) }),
    ...(xkey !== undefined && { xkey }),
  };
}

function useOf({ name }: AccountSpec, policy: Policy): ConnectionUse {
  const uses = [...policy.roles.values()]
    .filter(({ spec }) => spec.account === name)
    .map(({ spec }) => connectionUse(spec.connectionTypes));
  if (uses.length === 0) return CLIENTS;
  return {
    clients: uses.some(({ clients }) => clients),
    leafNodes: uses.some(({ leafNodes }) => leafNodes),
  };
}

/** Role → its scope, in the form that it has in the store. */
function scopesOf(spec: AccountSpec, policy: Policy): Map<string, KeyScope> {
  const scopes = new Map<string, KeyScope>();
  for (const role of policy.roles.values()) {
    if (role.spec.account !== spec.name) continue;
    const { scope } = signingOf(role, spec);
    if (scope) scopes.set(role.spec.name, JSON.parse(JSON.stringify(scope)) as KeyScope);
  }
  return scopes;
}

function managedSlots(
  spec: AccountSpec,
  policy: Policy,
  {
    scopes,
    answersCallouts,
  }: { readonly scopes: ReadonlyMap<string, KeyScope>; readonly answersCallouts: boolean },
): WantedSlot[] {
  const onChange = spec.rotation?.onChange ?? 'drain';
  const roles = [...policy.roles.values()].filter(({ spec: role }) => role.account === spec.name);
  const slots = new Set(roles.map((role) => signingOf(role, spec).slot));
  // The key of no role signs answers to callouts, and the user that connects for them.
  if (answersCallouts) slots.add(ANY_ROLE);
  return [...slots].map((slot) => withScope({ slot, onChange }, scopes.get(slot)));
}

function givenSlots(spec: AccountSpec, scopes: ReadonlyMap<string, KeyScope>): WantedSlot[] {
  const slots = new Set(spec.signingKeys.map(({ role }) => role ?? ANY_ROLE));
  return [...slots].map((slot) => withScope({ slot, onChange: 'drain' }, scopes.get(slot)));
}

function withScope(wanted: WantedSlot, scope: KeyScope | undefined): WantedSlot {
  return { ...wanted, ...(scope && { scope }) };
}
