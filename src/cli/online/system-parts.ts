import type { SystemConnection } from '../../account/system-connection.ts';
import type { Config } from '../../config/config.ts';
import type { DecodedClaims } from '../../nats/jwt.ts';
import type { Policy } from '../../policy/compile.ts';

/** What the probes by way of the system account share. */
export interface SystemParts {
  readonly system: SystemConnection;
  /** Claims of its JWT. */
  readonly user: DecodedClaims;
  readonly config: Config;
  readonly policy: Policy;
}

/** The account of a user, by its JWT. */
export function accountOf({ iss, nats }: DecodedClaims): string {
  const { issuer_account: account } = nats;
  return typeof account === 'string' && account !== '' ? account : iss;
}
