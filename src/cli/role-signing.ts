import type { Config } from '../config/config.ts';
import type { Policy } from '../policy/compile.ts';

/** How a role is signed, and why so. */
export interface RoleSigning {
  readonly signing: 'scoped' | 'direct' | 'none';
  readonly why: string;
}

export function roleSigning(config: Config, policy: Policy, role: string): RoleSigning {
  const compiled = policy.roles.get(role);
  const account = config.accounts.find(({ name }) => name === compiled?.spec.account);
  const keys = account?.signingKeys ?? [];
  if (keys.some((key) => key.role === role)) {
    return { signing: 'scoped', why: 'a signing key is tied to this role' };
  }
  if (!keys.some((key) => key.role === undefined)) {
    return { signing: 'none', why: 'the account has no signing key that may sign for it' };
  }
  const scoped = compiled?.scoped;
  const why =
    scoped && 'whyNot' in scoped
      ? `it could not be scoped: ${scoped.whyNot}`
      : 'no signing key is tied to this role';
  return { signing: 'direct', why };
}
