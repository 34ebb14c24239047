import type { CredentialsAnswer, CredentialsQuery } from '../../admin-api/credentials.ts';
import type {
  KeysAnswer,
  RevokeKeyAnswer,
  RevokeKeyBody,
  RotateAnswer,
  RotateBody,
} from '../../admin-api/keys.ts';
import type { RevocationsAnswer, RevokeAnswer } from '../../admin-api/revocations.ts';
import type { Refusal } from '../../errors.ts';
import type { ExchangeRequest } from '../../exchange-request.ts';
import type { Identity } from '../../identity/identity.ts';
import type { RevocationTarget } from '../../revocation/revocation.ts';

/** An authenticated administrator and their request. */
export interface AdminCaller {
  readonly identity: Identity;
  readonly requestId: string;
  readonly address: string;
}

/** The request of somebody who claims to be an administrator. */
export interface AdminRequest
  extends Pick<ExchangeRequest, 'requestId' | 'address' | 'subject' | 'admit'> {
  /**
   * Called before a denial is recorded. If it refuses, its refusal is returned instead of the denial
   * and nothing is recorded, so that nobody can fill the log.
   */
  readonly limitDenials?: (identity: Identity) => Promise<Refusal | undefined>;
}

/** The dependencies of the admin routes. */
export interface Admin {
  /** The caller, if they are an administrator. Every refusal is recorded first, except one from `limitDenials`. */
  readonly authenticate: (request: AdminRequest) => Promise<AdminCaller | Refusal>;
  readonly actions: AdminActions;
}

/**
 * What administrators can see and do. Answers are those of the contract (`admin-api/`).
 *
 * All may be called concurrently. Each change is recorded, with its administrator, before it is made.
 * If the store cannot be reached, the result is a refusal, and the change may or may not have been made.
 */
export interface AdminActions {
  keys(): Promise<KeysAnswer | Refusal>;
  rotate(ask: RotateAsk, caller: AdminCaller): Promise<RotateAnswer | Refusal>;
  revokeKey(ask: RevokeKeyAsk, caller: AdminCaller): Promise<RevokeKeyAnswer | Refusal>;
  revocations(): Promise<RevocationsAnswer | Refusal>;
  revoke(ask: RevokeAsk, caller: AdminCaller): Promise<RevokeAnswer | Refusal>;
  /** Undefined on success. */
  lift(id: string, caller: AdminCaller): Promise<Refusal | undefined>;
  credentials(ask: CredentialsAsk): Promise<CredentialsPage | Refusal>;
}

/** Without account and role: all keys. */
export interface RotateAsk extends RotateBody {
  /** Change nothing; only return what would be rotated. */
  readonly dryRun?: boolean;
}

export interface RevokeKeyAsk extends RevokeKeyBody {
  readonly publicKey: string;
}

export interface RevokeAsk {
  readonly target: RevocationTarget;
  readonly reason: string;
  readonly block: boolean;
  /** Change nothing; only return what would be revoked. */
  readonly dryRun: boolean;
}

export interface CredentialsAsk extends Omit<CredentialsQuery, 'limit'> {
  readonly limit: number;
}

export interface CredentialsPage extends CredentialsAnswer {
  /** Of all pages together. Only the console shows it. */
  readonly total: number;
}
