import type { Config } from '../config/config.ts';
import type { KeyScope } from '../keyring/ring.ts';
import type { Policy } from '../policy/compile.ts';
import { signingOf } from '../service/signing/role-signing.ts';

/** How a role is signed, and why. */
export interface SigningSummary {
  readonly signing: 'scoped' | 'direct';
  readonly why: string;
  /** What the account JWT says about the signing keys of the role. */
  readonly scope?: Omit<KeyScope, 'role'>;
}

/** For a checked configuration, in which every role has a key that may sign for it. */
export function roleSigning({ accounts }: Config, policy: Policy, name: string): SigningSummary {
  const role = policy.roles.get(name);
  const account = accounts.find(({ name }) => name === role?.spec.account);
  if (!role || !account) throw new Error(`role ${name} is not in the checked configuration`);
  const { slot, scope, why } = signingOf(role, account);
  return {
    signing: slot === name ? 'scoped' : 'direct',
    why,
    ...(scope && { scope: { template: scope.template, tags: scope.tags } }),
  };
}
