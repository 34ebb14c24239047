import type { AccountAdmission } from '../nats/admission.ts';
import type { RingAccount } from './ring-keys.ts';
import type { RingView } from './ring-view.ts';

const NOTHING_KNOWN: AccountAdmission = {};

/**
 * Whether users of an account get in, by its name, as the rotator has last written it into the ring:
 * a process without access to the system account learns it there. Accounts whose keys are in no ring
 * are not looked at by anybody.
 */
export function ringAdmission({
  view,
  accounts,
}: {
  readonly view: Pick<RingView, 'ring'>;
  readonly accounts: readonly Pick<RingAccount, 'name' | 'publicKey' | 'kind'>[];
}): (accountName: string) => AccountAdmission {
  const byName = new Map(accounts.map((account) => [account.name, account]));
  return (name) => {
    const account = byName.get(name);
    const ring = account && view.ring(name);
    if (ring?.publicKey !== account?.publicKey || ring?.kind !== account?.kind) {
      return NOTHING_KNOWN;
    }
    return ring?.admission ?? NOTHING_KNOWN;
  };
}
