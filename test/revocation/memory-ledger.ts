import type { Clock } from '../../src/clock.ts';
import type {
  CredentialLedger,
  IssuedCredential,
  LedgerFilter,
} from '../../src/revocation/ledger.ts';

export interface MemoryLedger extends CredentialLedger {
  record(credential: IssuedCredential): void;
  /** From now on reading throws this; `undefined` mends it. */
  breakWith(fault: Error | undefined): void;
}

/** A ledger that one test has for itself. */
export function memoryLedger(clock: Clock): MemoryLedger {
  const records: { credential: IssuedCredential; at: number }[] = [];
  let broken: Error | undefined;
  return {
    record: (credential) => void records.push({ credential, at: clock.now() }),
    breakWith: (fault) => {
      broken = fault;
    },
    async *alive({ recordedSince = 0, ...filter }) {
      for (const { credential, at } of records) {
        if (at < recordedSince || credential.expiresAt * 1000 <= clock.now()) continue;
        if (fits(credential, filter)) yield credential;
        if (broken) throw broken;
      }
    },
  };
}

function fits(credential: IssuedCredential, filter: Omit<LedgerFilter, 'recordedSince'>): boolean {
  const wanted = Object.entries(filter) as [keyof typeof filter, string][];
  return wanted.every(([name, value]) => credential[name] === value);
}
