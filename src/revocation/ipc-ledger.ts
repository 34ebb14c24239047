import type { Channel } from '../store/ipc/channel.ts';
import { type Lists, type PortionAnswers, readPortions } from '../store/ipc/portions.ts';
import type { CredentialLedger, LedgerFilter, LedgerPosition } from './ledger.ts';

/** What the primary process answers a worker about living credentials. */
export type LedgerAnswers = PortionAnswers & {
  /** The number of a list in portions. */
  readonly 'ledger.alive': (filter: LedgerFilter) => number;
  readonly 'ledger.latest': () => Promise<LedgerPosition>;
};

/** The ledger in a worker: the primary process reads it. */
export function openIpcLedger(channel: Channel<LedgerAnswers>): CredentialLedger {
  return {
    alive: (filter) => readPortions(channel, () => channel.call('ledger.alive', filter)),
    latest: () => channel.call('ledger.latest'),
  };
}

export function serveLedger(channel: Channel, lists: Lists, ledger: CredentialLedger): void {
  channel.serve({
    'ledger.alive': (filter: LedgerFilter) => lists.open(ledger.alive(filter)),
    'ledger.latest': () => ledger.latest(),
  });
}
