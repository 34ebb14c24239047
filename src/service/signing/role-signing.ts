import type { AccountSpec, Config } from '../../config/config.ts';
import { permissionsAndLimits } from '../../credential/permissions.ts';
import { ANY_ROLE, type KeyScope } from '../../keyring/ring.ts';
import type { CompiledRole } from '../../policy/role.ts';
import { givenKeys } from '../../keyring/given-keys.ts';
import type { SigningKey } from '../../keyring/key-ring.ts';

/** Which signing keys of its account sign for a role, and why. */
export interface RoleSigning {
  /** The role's name if it has its own keys, or `*` for the keys tied to no role. */
  readonly slot: string;
  /** What the account JWT must say about the role's own keys. */
  readonly scope?: KeyScope;
  /** Shown to people. */
  readonly why: string;
}

/**
 * Managed accounts: scoped, unless the role cannot be scoped or says `signing: direct`. External accounts:
 * as the operator tied the keys.
 */
export function signingOf(role: CompiledRole, account: AccountSpec): RoleSigning {
  return account.kind === 'managed' ? ofManaged(role) : ofExternal(role, account);
}

function ofManaged(role: CompiledRole): RoleSigning {
  const { spec, scoped } = role;
  if (spec.signing === 'direct') return { slot: ANY_ROLE, why: 'it says signing: direct' };
  const scope = scopeOf(role);
  if (scope) return { slot: spec.name, scope, why: remarks(role) };
  const whyNot = 'whyNot' in scoped ? scoped.whyNot : '';
  return { slot: ANY_ROLE, why: `it cannot be scoped: ${whyNot}` };
}

function ofExternal(role: CompiledRole, { signingKeys }: AccountSpec): RoleSigning {
  const { spec, scoped } = role;
  if (signingKeys.some((key) => key.role === spec.name)) {
    const scope = scopeOf(role);
    return { slot: spec.name, ...(scope && { scope }), why: 'a signing key is tied to this role' };
  }
  const why =
    'whyNot' in scoped
      ? `it could not be scoped: ${scoped.whyNot}`
      : 'no signing key is tied to this role';
  return { slot: ANY_ROLE, why };
}

/** The scope that the role's own signing key has; undefined if the role cannot be scoped. */
function scopeOf(role: CompiledRole): KeyScope | undefined {
  const { spec, scoped } = role;
  if ('whyNot' in scoped) return undefined;
  return { role: spec.name, template: permissionsAndLimits(spec, scoped), tags: tagsOf(role) };
}

/**
 * Tag → what the policy puts there, with everything it guarantees. A key with an older template may sign
 * only if this is the same, because `fill.ts` checks values by the current template.
 */
function tagsOf({ scoped, publish, subscribe }: CompiledRole): KeyScope['tags'] {
  if ('whyNot' in scoped) return {};
  const entries = [publish, subscribe].flatMap(({ allow, deny }) => [...allow, ...deny]);
  const beginning = new Set(
    entries.flatMap(({ template: { parts } }) =>
      typeof parts[0] === 'object' ? parts[0].key : [],
    ),
  );
  const tags = [...scoped.tags].map(([tag, { text, encode, key }]): [string, string] => {
    if (encode) return [tag, `${text} | token`];
    return [tag, beginning.has(key) ? `${text}, not beginning with _` : text];
  });
  return Object.fromEntries(tags.sort(byName));
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

/** What operators should know about scoped signing of this role. */
function remarks({ scoped, references }: CompiledRole): string {
  const remarks = ['it has its own signing keys'];
  if ('partOfToken' in scoped && scoped.partOfToken) {
    remarks.push('servers must be 2.11 or later, because a reference is only part of a token');
  }
  const refused = [
    ...(references.some(({ source }) => source.kind === 'claim') ? ['is a list'] : []),
    ...(references.some(({ encode }) => !encode) ? ['has upper-case letters'] : []),
  ];
  if (refused.length > 0) {
    remarks.push(`identities whose value ${refused.join(' or ')} are refused`);
  }
  return remarks.join('; ');
}

/**
 * The key that will sign for a role at run time, as far as the configuration shows. It can draft a
 * credential, but not sign it. Undefined if no key may sign for the role.
 */
export function expectedKeys({
  accounts,
}: Pick<Config, 'accounts'>): (role: CompiledRole) => SigningKey | undefined {
  const given = givenKeys(accounts);
  const byName = new Map(accounts.map((account) => [account.name, account]));
  return (role) => {
    const { account: accountName, name } = role.spec;
    const account = byName.get(accountName);
    if (account?.kind !== 'managed') return given.active(accountName, name);
    const { slot } = signingOf(role, account);
    return {
      // The key does not exist yet; all public keys have the same length.
      publicKey: account.publicKey,
      account: account.publicKey,
      scopedTo: slot === ANY_ROLE ? undefined : slot,
      sign: () => {
        throw new Error('keys of managed accounts are in the store, not in the configuration');
      },
    };
  };
}
