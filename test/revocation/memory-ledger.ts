import type { Clock } from '../../src/clock.ts';
import { fits } from '../../src/revocation/issued-credential.ts';
import type {
  CredentialLedger,
  IssuedCredential,
  LedgerFilter,
} from '../../src/revocation/ledger.ts';

export interface MemoryLedger extends CredentialLedger {
  record(credential: IssuedCredential): void;
  /** Every filter that was read with. */
  readonly readings: LedgerFilter[];
  /** From now on reading throws this; `undefined` mends it. */
  breakWith(fault: Error | undefined): void;
}

/** A ledger that one test has for itself. */
export function memoryLedger(clock: Clock): MemoryLedger {
  const records: IssuedCredential[] = [];
  const readings: LedgerFilter[] = [];
  let broken: Error | undefined;
  return {
    record: (credential) => void records.push(credential),
    readings,
    breakWith: (fault) => {
      broken = fault;
    },
    async *alive(filter) {
      readings.push(filter);
      for (const credential of records.slice(Number(filter.after ?? 0))) {
        if (credential.expiresAt * 1000 > clock.now() && fits(filter, credential)) yield credential;
        if (broken) throw broken;
      }
    },
    latest: async () => String(records.length),
  };
}
