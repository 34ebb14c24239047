import type { Refusal } from '../errors.ts';
import type { Caller, Session } from './session.ts';

/** A login that is under way: the browser goes to `url`, and brings `attempt` back. */
export interface BegunLogin {
  /** Of the issuer's authorization endpoint (RFC 6749 §4.1.1, with PKCE S256, state and nonce). */
  readonly url: URL;
  /** Names the cookie that `attempt` goes into, so that two tabs don't disturb each other. */
  readonly attemptId: string;
  /** Sealed: state, nonce, PKCE verifier, issuer, return path. */
  readonly attempt: string;
  /** The cookie's lifetime. */
  readonly attemptSeconds: number;
}

export interface FinishedLogin {
  readonly session: Session;
  /** Sealed, for the cookie. */
  readonly sealed: string;
  /** A path of ours, with query: where the person wanted to go. */
  readonly returnTo: string;
}

/** A login that came to nothing. */
export interface FailedLogin {
  readonly refusal: Refusal;
  /** The issuer's `error_description`: a stranger's text, shown escaped and as theirs only. */
  readonly issuerSaid?: string;
  /** So that "try again" leads to the same place; absent where the attempt isn't known. */
  readonly issuerName?: string;
  readonly returnTo?: string;
  /** The answer belongs to no attempt, and could not: it lacks something, has it twice, or came to an address of no login. */
  readonly incomplete?: boolean;
}

/** What the issuer sent the browser back with. */
export interface LoginAnswer {
  /** Path and query of the callback, as it came in. */
  readonly url: string;
  /** The cookie's content that goes with the `state`; see `attemptIdOf`. */
  readonly attempt: string | undefined;
}

/**
 * People signing in, for the configuration in force. Every step is on the record before it takes
 * effect; a step that can't be recorded is refused. Safe to call concurrently, on any replica.
 */
export interface Logins {
  /** Where people can sign in, in the order of the configuration; empty: nowhere. */
  issuers(): readonly { readonly name: string; readonly title: string }[];
  /** `returnTo` that is no relative path of ours becomes `/`. */
  begin(
    ask: { readonly issuerName: string; readonly returnTo: string },
    caller: Caller,
  ): Promise<BegunLogin | Refusal>;
  /** Which attempt an answer belongs to, by its `state`; undefined when it has none. */
  attemptIdOf(url: string): string | undefined;
  finish(answer: LoginAnswer, caller: Caller): Promise<FinishedLogin | FailedLogin>;
  /** The session of a cookie: one that is sealed by us, not over, not ended, its identity not revoked. */
  open(sealed: string): Promise<Session | Refusal>;
  /** Ends the session everywhere; answers where the issuer's own session can be ended (OIDC RP-Initiated Logout), if it can. */
  signOut(session: Session, caller: Caller): Promise<{ readonly issuerUrl?: URL } | Refusal>;
}
