import type { Refusal } from '../errors.ts';
import type { Caller, Session } from './session.ts';

/** A login in progress: the browser goes to `url` and brings `attempt` back. */
export interface BegunLogin {
  /** Of the issuer's authorization endpoint (RFC 6749 §4.1.1, with PKCE S256, state and nonce). */
  readonly url: URL;
  /** Names the cookie that holds `attempt`, so that two tabs do not interfere. */
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
  /** Our path and query where the person wanted to go. */
  readonly returnTo: string;
}

/** A login that failed. */
export interface FailedLogin {
  readonly refusal: Refusal;
  /** The issuer's `error_description`: untrusted text, shown escaped and as a quotation. */
  readonly issuerSaid?: string;
  /** So that "try again" leads to the same place; absent if the attempt is unknown. */
  readonly issuerName?: string;
  readonly returnTo?: string;
  /** The answer cannot belong to any attempt: a parameter is missing or repeated, or no login uses its path. */
  readonly incomplete?: boolean;
}

/** The request with which the issuer sent the browser back. */
export interface LoginAnswer {
  /** Path and query of the callback, as received. */
  readonly url: string;
  /** Content of the cookie that belongs to the `state`; see `attemptIdOf`. */
  readonly attempt: string | undefined;
}

/**
 * Sign-in for people, for the configuration in force. Every step is recorded before it takes effect; a
 * step that cannot be recorded is refused. Safe to call concurrently, on any replica.
 */
export interface Logins {
  /** Where people can sign in, in the order of the configuration; empty if nowhere. */
  issuers(): readonly { readonly name: string; readonly title: string }[];
  /** A `returnTo` that is not one of our relative paths becomes `/`. */
  begin(
    ask: { readonly issuerName: string; readonly returnTo: string },
    caller: Caller,
  ): Promise<BegunLogin | Refusal>;
  /** The attempt that an answer belongs to, by its `state`; undefined if it has none. */
  attemptIdOf(url: string): string | undefined;
  finish(answer: LoginAnswer, caller: Caller): Promise<FinishedLogin | FailedLogin>;
  /** The session of a cookie: sealed by us, not expired, not ended, and its identity not revoked. */
  open(sealed: string): Promise<Session | Refusal>;
  /** Ends the session everywhere. Returns where to end the issuer's own session, if it supports that (OIDC RP-Initiated Logout). */
  signOut(session: Session, caller: Caller): Promise<{ readonly issuerUrl?: URL } | Refusal>;
}
