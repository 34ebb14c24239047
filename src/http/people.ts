import type { Clock } from '../clock.ts';
import type { Refusal } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import type { Handovers } from '../login/handovers.ts';
import type { Logins } from '../login/logins.ts';
import type { Caller } from '../login/session.ts';
import type { Choices } from '../policy/choices.ts';
import type { Denial, Grant } from '../policy/policy.ts';
import type { Issued } from '../exchange.ts';
import type { Doors } from './doors.ts';

/** How the pages present themselves. */
export interface Branding {
  readonly name: string;
  readonly logo?: { readonly contentType: string; readonly content: Buffer };
}

/** What the pages for people, and the programs that people sign in for, are given; always of the configuration in force. */
export interface People {
  readonly logins: Logins;
  readonly handovers: Handovers;
  choices(identity: Identity): Choices;
  /** Somebody was told that there is nothing for them. A refusal when that can't be recorded. */
  denied(identity: Identity, denial: Denial, caller: Caller): Promise<Refusal | undefined>;
  /** Whether the console is open to them. */
  isAdmin(identity: Identity): boolean;
  /** What a role waits for whose key does not sign yet, or signs with the permissions of before a change. */
  pending(role: Grant['role']): Issued['pending'];
  branding(): Branding;
  /** For how long something still lives, as pages tell it; absent: the system's. */
  readonly clock?: Clock;
}

/** What the routes for people are given. */
export interface PeopleDoors extends Doors {
  readonly people: People;
}
