import type { LoginStep } from '../audit/event.ts';
import type { Refusal } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import type { Caller } from './session.ts';

/** One step of a login, as it is recorded and counted. */
export interface JournalEntry {
  readonly step: LoginStep;
  readonly issuerName?: string;
  readonly identity?: Identity;
  /** Id of the session. */
  readonly session?: string;
  /** Id of the browser's session, where a program has its own from it. */
  readonly parentSession?: string;
  /** What the program called itself. */
  readonly program?: string;
  readonly role?: string;
  /** The user key that a credential is handed over for. */
  readonly user?: string;
  readonly refusal?: Refusal;
}

/** Where each step of a login is told: audit log and metrics. */
export interface Journal {
  /** Undefined once it is on the record; a refusal when it can't be: then the step must not be taken. */
  tell(entry: JournalEntry, caller: Caller): Promise<Refusal | undefined>;
}
