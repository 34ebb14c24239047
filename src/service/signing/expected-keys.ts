import type { Config } from '../../config/config.ts';
import { givenKeys } from '../../keyring/given-keys.ts';
import type { SigningKey } from '../../keyring/key-ring.ts';
import { ANY_ROLE } from '../../keyring/ring.ts';
import type { CompiledRole } from '../../policy/role.ts';
import { signingOf } from './role-signing.ts';

/**
 * The key that will sign for a role once everything runs, as far as the configuration tells:
 * enough to draft a credential with, not to sign it. Undefined when no key may.
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
      // Not made yet; all public keys have the same length.
      publicKey: account.publicKey,
      account: account.publicKey,
      scopedTo: slot === ANY_ROLE ? undefined : slot,
      sign: () => {
        throw new Error('keys of managed accounts are in the store, not in the configuration');
      },
    };
  };
}
