import type { Ring } from '../keyring/ring.ts';
import type { Wanted } from '../keyring/step-input.ts';

/** An account whose ring is turned. */
export interface RotatedAccount {
  readonly name: string;
  /** `A…` */
  readonly publicKey: string;
  readonly kind: Ring['kind'];
  readonly wanted: Wanted;
}
