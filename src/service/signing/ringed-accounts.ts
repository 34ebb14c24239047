import type { AccountSpec, Config } from '../../config/config.ts';
import type { RingAccount } from '../../keyring/ring-keys.ts';
import { ANY_ROLE, type KeyScope } from '../../keyring/ring.ts';
import type { Wanted, WantedSlot } from '../../keyring/step-input.ts';
import { CLIENTS, type ConnectionUse, connectionUse } from '../../nats/admission.ts';
import { keyPairFromSeed } from '../../nats/key-pair.ts';
import type { Policy } from '../../policy/compile.ts';
import type { RotatedAccount } from '../../rotator/rotated-account.ts';
import { signingOf } from './role-signing.ts';

/** An account whose keys are in a ring in the store, with its configuration. */
export interface RingedAccount extends RotatedAccount, RingAccount {
  readonly spec: AccountSpec;
}

/** Grace of external accounts that do not rotate: how long their keys sign without contact with the store. */
export const GRACE_SECONDS = 300;

/**
 * Managed accounts, and external accounts that rotate or can be verified. All other accounts use their
 * given keys directly.
 */
export function ringedAccounts(config: Config, policy: Policy): RingedAccount[] {
  return config.accounts
    .filter(({ kind, rotation }) => kind === 'managed' || rotation || config.nats.system)
    .map((spec) => ringed(spec, config, policy));
}

function ringed(spec: AccountSpec, config: Config, policy: Policy): RingedAccount {
  const { name, publicKey, kind, rotation } = spec;
  const graceMilliseconds = (rotation?.graceSeconds ?? GRACE_SECONDS) * 1000;
  const scopes = scopesOf(spec, policy);
  const given = spec.signingKeys.map(({ seed, role = ANY_ROLE }) => ({
    pair: keyPairFromSeed(seed),
    slot: role,
  }));
  const wanted: Wanted = {
    slots: kind === 'managed' ? managedSlots(spec, policy, scopes) : givenSlots(spec, scopes),
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
    use: useOf(spec, policy),
    graceMilliseconds,
    scopeOf: (role) => scopes.get(role),
    longestLifetimeOf: (role) => policy.roles.get(role)?.spec.maxTtlSeconds ?? 0,
    ...(kind === 'external' && {
      given: new Map(given.map(({ pair }) => [pair.publicKey, pair])),
    }),
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
  scopes: ReadonlyMap<string, KeyScope>,
): WantedSlot[] {
  const onChange = spec.rotation?.onChange ?? 'drain';
  const roles = [...policy.roles.values()].filter(({ spec: role }) => role.account === spec.name);
  const slots = new Set(roles.map((role) => signingOf(role, spec).slot));
  return [...slots].map((slot) => withScope({ slot, onChange }, scopes.get(slot)));
}

function givenSlots(spec: AccountSpec, scopes: ReadonlyMap<string, KeyScope>): WantedSlot[] {
  const slots = new Set(spec.signingKeys.map(({ role }) => role ?? ANY_ROLE));
  return [...slots].map((slot) => withScope({ slot, onChange: 'drain' }, scopes.get(slot)));
}

function withScope(wanted: WantedSlot, scope: KeyScope | undefined): WantedSlot {
  return { ...wanted, ...(scope && { scope }) };
}
