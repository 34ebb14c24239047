import { child } from '../path.ts';
import type { Pitfall } from './view.ts';

/**
 * `scoped-unverified`: this version can't look into the account JWT. Where a key is listed plainly,
 * or with a wider template, its users may do more than the role says: an empty user JWT of a plain
 * key may publish anywhere.
 */
export const scopedUnverified: Pitfall = function* scopedUnverified({ accounts }) {
  for (const [name, { signingKeys = [] }] of accounts.entries) {
    for (const [place, { role }] of signingKeys.entries()) {
      if (role === undefined) continue;
      yield {
        path: child(child(child('accounts', name), 'signingKeys'), place),
        message: `what its users may do is said by the account JWT alone, which is not looked into here: make sure that it lists the key with a template no wider than role ${role} (nsc edit signing-key), never as a plain signing key`,
      };
    }
  }
};
