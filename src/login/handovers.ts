import type { Refusal } from '../errors.ts';
import type { UserPublicKey } from '../nats/nkeys.ts';
import type { Caller, Session } from './session.ts';

/** What a program asks a person to hand over to it. */
export interface HandoverAsk {
  /** What it calls itself and its machine: a stranger's text, at most 100 characters. */
  readonly program: string;
  /** The credential will be for this key; its seed never left the program's machine. */
  readonly userPublicKey: UserPublicKey;
  /** Undefined: the person chooses. */
  readonly role: string | undefined;
  readonly ttlSeconds: number | undefined;
}

/** What a program keeps of a handover: to act as this person, in the one role that they agreed to. */
export interface HandedSession {
  /** The program's own: it can end before the one that the browser has, but not go on after it. */
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
  /** Exactly as asked; a loopback address. */
  readonly redirectUri: string;
  /** PKCE S256 (RFC 7636). */
  readonly codeChallenge: string;
}

/** Device Authorization Response (RFC 8628 §3.2), but for the addresses. */
export interface DeviceCodes {
  /** Secret. */
  readonly deviceCode: string;
  /** `BCDF-GHJK` */
  readonly userCode: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}

/** A device that waits for a person's word. */
export interface WaitingDevice extends HandoverAsk {
  readonly userCode: string;
  /** Where the device asked from. */
  readonly address: string;
  /** Unix seconds. */
  readonly begunAt: number;
}

/** Makes what is handed over, before the code is used up: not by a refusal that says to try again. */
export type Issue = (handover: Handover) => Promise<Refusal | undefined>;

/**
 * Credentials handed to programs: by a one-time code to a loopback port (RFC 8252), by a device code
 * (RFC 8628), and again without asking by a refresh token (RFC 6749 §6). Kept in the shared state,
 * so that any replica serves any step; what is redeemed is gone, once and for all, and what was not
 * answered is not redeemed. Every step is on the record before it takes effect.
 */
export interface Handovers {
  /** The person agreed: a code, good once, for a minute. */
  grantCode(
    ask: CodeAsk & { readonly role: string },
    session: Session,
    caller: Caller,
  ): Promise<string | Refusal>;
  /** One that comes again after that ends the session that it handed over (RFC 6749 §4.1.2). */
  redeemCode(
    answer: { readonly code: string; readonly redirectUri: string; readonly codeVerifier: string },
    caller: Caller,
    issue?: Issue,
  ): Promise<Handover | Refusal>;

  /** The person said no; the program is told by the page. */
  refuseCode(ask: HandoverAsk, session: Session, caller: Caller): Promise<Refusal | undefined>;

  beginDevice(ask: HandoverAsk, caller: Caller): Promise<DeviceCodes | Refusal>;
  /** By what a person typed: case, blanks and hyphens don't matter. Whoever guesses is on the record. */
  findDevice(typed: string, session: Session, caller: Caller): Promise<WaitingDevice | Refusal>;
  agreeDevice(
    userCode: string,
    agreed: { readonly session: Session; readonly role: string },
    caller: Caller,
  ): Promise<Refusal | undefined>;
  refuseDevice(userCode: string, session: Session, caller: Caller): Promise<Refusal | undefined>;
  /** What the waiting program asks; `authorization_pending` and `slow_down` are refusals too. */
  redeemDevice(deviceCode: string, caller: Caller, issue?: Issue): Promise<Handover | Refusal>;

  /** A refresh token for this session and role (RFC 6749 §6: no scope beyond what was agreed to): good once; the next comes with its answer. */
  refreshToken(handed: HandedSession): Promise<string>;
  redeemRefreshToken(token: string, caller: Caller): Promise<HandedSession | Refusal>;
  /** The session of a refresh token, which stays good (RFC 7662). With a caller, a refusal is on the record. */
  introspect(token: string, caller?: Caller): Promise<HandedSession | Refusal>;
  /** Ends the session (RFC 7009); a token that is none is no error. */
  revoke(token: string, caller: Caller): Promise<Refusal | undefined>;
}
