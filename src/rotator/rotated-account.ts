import type { Ring } from '../keyring/ring.ts';
import type { Wanted } from '../keyring/step-input.ts';
import type { CalloutAuthorization, ManagedLimits } from '../nats/account-claims.ts';
import type { ConnectionUse } from '../nats/admission.ts';

/** An account that the rotator serves. */
export interface RotatedAccount {
  readonly name: string;
  /** `A…` */
  readonly publicKey: string;
  readonly kind: Ring['kind'];
  readonly wanted: Wanted;
  /** Managed accounts: limits that the account JWT is to have. */
  readonly limits?: ManagedLimits;
  /** Managed accounts: the auth callout that the account JWT is to name. */
  readonly callout?: CalloutAuthorization;
  /** nats-sts answers the auth callouts of the account: its JWT delegates logins, and that keeps nobody out. */
  readonly byCallout?: boolean;
  /** The kinds of connection that its roles are for; default: clients. */
  readonly use?: ConnectionUse;
}
