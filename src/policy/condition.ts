import type { Identity } from '../identity/identity.ts';
import type { ClaimUse } from './claim-name.ts';
import type { ConditionTrace } from './policy.ts';

/** One thing that must be so for a binding to match. Compiled once; never throws. */
export interface Condition {
  /** Every claim it looks at. Where one of them is missing, the condition does not hold. */
  readonly looksAt: readonly ClaimUse[];
  /** The fast answer. */
  holds(identity: Identity): boolean;
  /** The same answer, explained. */
  trace(identity: Identity): ConditionTrace;
}
