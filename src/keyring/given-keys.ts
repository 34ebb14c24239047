import { keyPairFromSeed } from '../nats/key-pair.ts';
import type { KeyRing, SigningKey } from './key-ring.ts';

/** An account whose signing keys the operator gives us and lists in the account JWT themselves. */
export interface GivenAccount {
  readonly name: string;
  /** Public account nkey, `A…`. */
  readonly publicKey: string;
  /** Of an account of nats-server.conf. */
  readonly serverName?: string;
  readonly signingKeys: readonly { readonly seed: string; readonly role?: string }[];
}

/** Always answers at once: nothing keeps account of what these keys have signed. */
export interface GivenKeys extends KeyRing {
  active(accountName: string, role: string): SigningKey | undefined;
  pending(): undefined;
}

/**
 * A ring of given keys: of each account, the first key tied to the role signs for it, else the
 * first that is tied to none. Nothing rotates here; who adds and removes keys is the operator.
 */
export function givenKeys(accounts: readonly GivenAccount[]): GivenKeys {
  const rings = new Map(accounts.map((account) => [account.name, signingKeys(account)]));
  return {
    active(accountName, role) {
      const keys = rings.get(accountName);
      return (
        keys?.find(({ scopedTo }) => scopedTo === role) ??
        keys?.find(({ scopedTo }) => scopedTo === undefined)
      );
    },
    pending: () => undefined,
  };
}

function signingKeys({ publicKey: account, serverName, signingKeys }: GivenAccount): SigningKey[] {
  return signingKeys.map(({ seed, role }) => {
    const pair = keyPairFromSeed(seed);
    return {
      publicKey: pair.publicKey,
      account,
      scopedTo: role,
      ...(serverName !== undefined && { audience: serverName }),
      sign: (message) => pair.sign(message),
    };
  });
}
