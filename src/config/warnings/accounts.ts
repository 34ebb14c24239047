import { child } from '../path.ts';
import type { AccountSettings } from '../schema/account.ts';
import { durationText } from '../schema/scalars.ts';
import type { Settings } from '../settings.ts';
import type { Hint, Pitfall } from './pitfall.ts';

const HOUR = 3600;
/** Warn beyond this many generations of keys in the account JWT at a time. */
const MANY_GENERATIONS = 8;

/**
 * `scoped-unverified`: without access to the system account, nothing checks the account JWT. If it lists
 * the key with a wider template, users may do more than the role says; if it lists it as a plain key, a
 * user without permissions may publish anywhere. Rotation tests the keys, which reveals only the latter.
 */
export const scopedUnverified: Pitfall = function* scopedUnverified({ accounts, nats }) {
  if (nats.system) return;
  for (const [name, { signingKeys = [], rotation }] of accounts.entries) {
    for (const [index, { role }] of signingKeys.entries()) {
      if (role === undefined) continue;
      const template = `a template no wider than role ${role} (nsc edit signing-key)`;
      yield {
        path: child(child(child('accounts', name), 'signingKeys'), index),
        message: rotation
          ? `without nats.system, nats-sts can test that the key is scoped, but not its permissions in the account JWT: make sure that the account JWT lists it with ${template}`
          : `without nats.system, nats-sts cannot check the permissions of its users in the account JWT: make sure that the account JWT lists the key with ${template}, never as a plain signing key`,
      };
    }
  }
};

/** `rotation-very-frequent` */
export const rotationVeryFrequent: Pitfall = (settings) =>
  rotating(settings, ({ every }) =>
    every < HOUR
      ? `a new account JWT goes to all servers every ${durationText(every)}: consider days; nats-sts keys rotate rotates at any time`
      : undefined,
  );

/** `rotation-keys-pile-up` */
export const rotationKeysPileUp: Pitfall = (settings) =>
  rotating(settings, ({ name, every, grace }) => {
    const lifetimes = [...settings.roles.entries.values()]
      .filter(({ account }) => account === name)
      .map(({ maxTtl }) => maxTtl);
    const longest = Math.max(0, ...lifetimes);
    const generations = Math.ceil((longest + grace) / every);
    if (generations <= MANY_GENERATIONS) return undefined;
    return `a key stays in the account JWT as long as its credentials live, ${durationText(longest)}, plus grace, so about ${generations} generations of keys accumulate: rotate less often, or shorten maxTtl`;
  });

function* rotating(
  { accounts }: Settings,
  look: (rotation: { name: string; every: number; grace: number }) => string | undefined,
): Iterable<Hint> {
  for (const [name, { rotation }] of accounts.entries) {
    if (rotation?.every === undefined) continue;
    const message = look({ name, every: rotation.every, grace: rotation.grace });
    if (message === undefined) continue;
    yield { path: child(child(child('accounts', name), 'rotation'), 'every'), message };
  }
}

/** `managed-elsewhere` */
export const managedElsewhere: Pitfall = function* managedElsewhere({ accounts, nats }) {
  if (nats.operatorSigningKey !== undefined) return;
  for (const name of managed(accounts.entries)) {
    yield {
      path: child('accounts', name),
      message:
        'without nats.operatorSigningKey, this process creates no keys for the account: run nats-sts rotator with the same store and sealingKey',
    };
  }
};

/** `admin-absent` */
export const adminAbsent: Pitfall = function* adminAbsent({ accounts, admin = [] }) {
  const [name] = managed(accounts.entries);
  if (name === undefined || admin.length > 0) return;
  yield {
    path: child('accounts', name),
    message:
      'nobody may rotate its keys on request, or revoke: add admin: [{issuer: …, match: {…}}] for those who are on call',
  };
};

/** `signing-without-effect` */
export const signingWithoutEffect: Pitfall = function* signingWithoutEffect({ accounts, roles }) {
  const here = new Set(managed(accounts.entries));
  for (const [name, { account, signing }] of roles.entries) {
    if (signing === undefined || here.has(account) || !accounts.entries.has(account)) continue;
    yield {
      path: `roles.${name}.signing`,
      message: `has no effect: account ${account} has signingKeys, and a role is scoped if one of them is for this role; remove it`,
    };
  }
};

function managed(accounts: ReadonlyMap<string, AccountSettings>): string[] {
  return [...accounts].flatMap(([name, { signingKeys }]) => (signingKeys ? [] : [name]));
}
