import type { Config } from '../config/config.ts';
import type { Policy } from '../policy/compile.ts';

/** How a role is signed, and why so. */
export interface RoleSigning {
  readonly signing: 'scoped' | 'direct';
  readonly why: string;
}

/** Of a checked configuration: every role has a key that may sign for it. */
export function roleSigning(config: Config, policy: Policy, role: string): RoleSigning {
  const compiled = policy.roles.get(role);
  const account = config.accounts.find(({ name }) => name === compiled?.spec.account);
  if (account?.signingKeys.some((key) => key.role === role)) {
    return { signing: 'scoped', why: 'a signing key is tied to this role' };
  }
  const scoped = compiled?.scoped;
  const why =
    scoped && 'whyNot' in scoped
      ? `it could not be scoped: ${scoped.whyNot}`
      : 'no signing key is tied to this role';
  return { signing: 'direct', why };
}
