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

/** What is known of the login, its session and the credential. */
export interface LoginFacts {
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
}

/** Where each step of a login is recorded: audit log and metrics. */
export interface Journal {
  /** Undefined once it is on the record; a refusal when it can't be: then the step must not be taken. */
  record(entry: JournalEntry, caller: Caller): Promise<Refusal | undefined>;
  /** What to answer: the refusal once it is recorded, or that it can't be. */
  refuse(entry: FailedEntry, caller: Caller): Promise<Refusal>;
}
