import type { Refusal } from '../errors.ts';
import type { UserPublicKey } from '../nats/nkeys.ts';
import type { Caller, Session } from './session.ts';

/** What a program asks a person to hand over to it. */
export interface HandoverAsk {
  /** The name of itself and its machine: untrusted text, at most 100 characters. */
  readonly program: string;
  /** The credential will be for this key; the seed never leaves the program's machine. */
  readonly userPublicKey: UserPublicKey;
  /** Undefined if the person chooses. */
  readonly role: string | undefined;
  readonly ttlSeconds: number | undefined;
}

/** What a program keeps after a handover: it may act as this person, in the one role that they agreed to. */
export interface HandedSession {
  /** The program's own session. It may end before the browser's session, and never outlives it. */
  readonly session: Session;
  readonly role: string;
}

/** What a person agreed to hand over. */
export interface Handover extends HandedSession {
  readonly userPublicKey: UserPublicKey;
  readonly ttlSeconds: number | undefined;
  readonly program: string;
}

/** An authorization request of a program on the person's own machine (RFC 6749 §4.1.1, RFC 8252). */
export interface CodeAsk extends HandoverAsk {
  /** Exactly as requested; a loopback address. */
  readonly redirectUri: string;
  /** PKCE S256 (RFC 7636). */
  readonly codeChallenge: string;
}

/** Device Authorization Response (RFC 8628 §3.2), without the URLs. */
export interface DeviceCodes {
  /** Secret. */
  readonly deviceCode: string;
  /** `BCDF-GHJK` */
  readonly userCode: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}

/** A device that waits for a person to agree or refuse. */
export interface WaitingDevice extends HandoverAsk {
  readonly userCode: string;
  /** The device's address. */
  readonly address: string;
  /** Unix seconds. */
  readonly begunAt: number;
}

/** Creates what is handed over. It runs before the code is used up; a refusal that says "try again" leaves the code valid. */
export type Issue = (handover: Handover) => Promise<Refusal | undefined>;

/**
 * Credentials handed to programs: through a one-time code to a loopback port (RFC 8252), through a
 * device code (RFC 8628), and later without asking through a refresh token (RFC 6749 §6). All of it is
 * in the shared state, so any replica serves any step. Each code or token is redeemed once; one that
 * got no answer is not redeemed. Every step is recorded before it takes effect.
 */
export interface Handovers {
  /** The person agreed. Returns a code that is valid once, for a minute. */
  grantCode(
    ask: CodeAsk & { readonly role: string },
    session: Session,
    caller: Caller,
  ): Promise<string | Refusal>;
  /** If a redeemed code is sent again, the session that it handed over ends (RFC 6749 §4.1.2). */
  redeemCode(
    answer: { readonly code: string; readonly redirectUri: string; readonly codeVerifier: string },
    caller: Caller,
    issue?: Issue,
  ): Promise<Handover | Refusal>;

  /** The person refused; the page informs the program. */
  refuseCode(ask: HandoverAsk, session: Session, caller: Caller): Promise<Refusal | undefined>;

  beginDevice(ask: HandoverAsk, caller: Caller): Promise<DeviceCodes | Refusal>;
  /** Finds a device by what a person typed; case, spaces and hyphens do not matter. Wrong guesses are recorded. */
  findDevice(typed: string, session: Session, caller: Caller): Promise<WaitingDevice | Refusal>;
  agreeDevice(
    userCode: string,
    agreed: { readonly session: Session; readonly role: string },
    caller: Caller,
  ): Promise<Refusal | undefined>;
  refuseDevice(userCode: string, session: Session, caller: Caller): Promise<Refusal | undefined>;
  /** The waiting program polls this; `authorization_pending` and `slow_down` are refusals too. */
  redeemDevice(deviceCode: string, caller: Caller, issue?: Issue): Promise<Handover | Refusal>;

  /** A refresh token for this session and role (RFC 6749 §6: no scope beyond what was agreed to). It is valid once; its answer brings the next. */
  refreshToken(handed: HandedSession): Promise<string>;
  redeemRefreshToken(token: string, caller: Caller): Promise<HandedSession | Refusal>;
  /** The session of a refresh token, which stays valid (RFC 7662). With a caller, a refusal is recorded. */
  introspect(token: string, caller?: Caller): Promise<HandedSession | Refusal>;
  /** Ends the session (RFC 7009); an invalid token is not an error. */
  revoke(token: string, caller: Caller): Promise<Refusal | undefined>;
}
