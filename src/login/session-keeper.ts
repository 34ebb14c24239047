import type { Refusal } from '../errors.ts';
import type { Session } from './session.ts';

/** Sealed sessions: what a cookie holds, and what a handover waits with. */
export interface SessionKeeper {
  seal(session: Session): Promise<string>;
  /** A session that is sealed by us, not over, not ended (nor the browser's, of which a program has it), whose issuer and client people may still sign in at under its name, and whose identity is not revoked. */
  open(sealed: string): Promise<Session | Refusal>;
  /** From now on no copy of it opens, on any replica, nor what programs were handed from it. A refusal when that can't be stored. */
  end(session: Pick<Session, 'id' | 'endsAt'>): Promise<Refusal | undefined>;
}
