import type { Assessment } from '../account/assess.ts';
import type { KeyChange, Ring } from '../keyring/ring.ts';
import type { RotatedAccount } from './rotated-account.ts';

/** Receives what the rotator sees and does. The rotator waits for the promises: the record is durable before it continues. */
export interface Reporter {
  /** Each look at the servers, before any decision; `failed` or `succeeded` follows. */
  saw(account: RotatedAccount, ring: Ring, assessment: Assessment): void;
  /** A key changed its state. Called at least once for each change. */
  changed(change: KeyChange): Promise<void>;
  pushed(account: RotatedAccount, assessment: Assessment, jwtBytes: number): void;
  /** Every server has applied the push. `milliseconds`: time since the push. */
  confirmed(account: RotatedAccount, milliseconds: number): void;
  /** Someone else's account JWT had dropped our entries; `restored`: every server has them again. */
  drifted(
    account: RotatedAccount,
    ring: Ring,
    assessment: Assessment,
    restored: boolean,
  ): Promise<void>;
  /** The pass failed: it could not reach the store or the servers, use their content, or record its actions. */
  failed(account: RotatedAccount, error: unknown): void;
  /** Nothing is left to do now. */
  succeeded(account: RotatedAccount): void;
  /** Whether this process holds the lease; `error`: the store did not answer. */
  leads(leader: boolean, error?: unknown): void;
  /** It held the lease and every pass failed: another process may try. `leads` tells how that ended. */
  gaveUp(): void;
}
