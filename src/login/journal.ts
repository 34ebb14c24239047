import type { LoginStep } from '../audit/event.ts';
import type { Refusal } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import type { Caller } from './session.ts';

/** One step of a login, as it is recorded and counted. */
export interface JournalEntry extends LoginFacts {
  readonly step: Exclude<LoginStep, 'failed'>;
}

/** A step that was refused. */
export interface FailedEntry extends LoginFacts {
  readonly refusal: Refusal;
}

/** What is known about the login, its session and the credential. */
export interface LoginFacts {
  readonly issuerName?: string;
  readonly identity?: Identity;
  /** Id of the session. */
  readonly session?: string;
  /** Id of the browser's session from which a program got its own. */
  readonly parentSession?: string;
  /** The name that the program gave itself. */
  readonly program?: string;
  readonly role?: string;
  /** The public user nkey of the credential that is handed over. */
  readonly user?: string;
}

/** Where each step of a login is recorded: audit log and metrics. */
export interface Journal {
  /** Undefined once it is recorded; a refusal if it cannot be, and then the step must not be taken. */
  record(entry: JournalEntry, caller: Caller): Promise<Refusal | undefined>;
  /** Returns the answer: the refusal once it is recorded, or `audit_unavailable`. */
  refuse(entry: FailedEntry, caller: Caller): Promise<Refusal>;
}
