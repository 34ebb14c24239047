import type { Assessment } from '../account/assess.ts';
import type { KeyChange, Ring } from '../keyring/ring.ts';
import type { RotatedAccount } from './rotated-account.ts';

/** Who is told what the rotator sees and does. What is awaited is recorded for good before it goes on. */
export interface Reporter {
  /** Every look, before anything is decided; what there is to be said of it, `failed` or `succeeded` says. */
  saw(account: RotatedAccount, ring: Ring, assessment: Assessment): void;
  /** A key changed its state. Told at least once. */
  changed(change: KeyChange): Promise<void>;
  pushed(account: RotatedAccount, assessment: Assessment, jwtBytes: number): void;
  /** Every server has applied what was pushed so many milliseconds ago. */
  confirmed(account: RotatedAccount, milliseconds: number): void;
  /** Someone else's account JWT had dropped entries of ours; `mended`: they are back on every server. */
  drifted(
    account: RotatedAccount,
    ring: Ring,
    assessment: Assessment,
    mended: boolean,
  ): Promise<void>;
  /** The pass failed: store or servers can't be reached, what they hold can't be used, or what was done can't be recorded. */
  failed(account: RotatedAccount, error: unknown): void;
  /** Nothing more is to be done at once. */
  succeeded(account: RotatedAccount): void;
  /** Whether this process holds the lease; `error` when the store can't tell. */
  leads(leader: boolean, error?: unknown): void;
  /** It held the lease and every pass failed: another process may try. `leads` tells how that ended. */
  gaveUp(): void;
}
