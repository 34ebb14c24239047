import type { Identity } from '../identity/identity.ts';
import type { ClaimUse } from './claim-name.ts';
import type { ConditionTrace } from './policy.ts';

/** One condition of a binding, compiled. Never throws. */
export interface Condition {
  /** Every claim that it reads. If one of them is missing, the condition does not hold. */
  readonly looksAt: readonly ClaimUse[];
  /** Whether it holds, quickly. */
  holds(identity: Identity): boolean;
  /** The same result, explained. */
  trace(identity: Identity): ConditionTrace;
}
