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
import type { ExchangeRequest } from '../../exchange.ts';
import type { Identity } from '../../identity/identity.ts';
import type { RevocationTarget } from '../../revocation/revocation.ts';

/** An administrator who was let in, and the request that they make. */
export interface AdminCaller {
  readonly identity: Identity;
  readonly requestId: string;
  readonly address: string;
}

/** What an administrator's request brings along: hardly more than an exchange. */
export interface AdminRequest
  extends Pick<ExchangeRequest, 'requestId' | 'address' | 'subject' | 'admit'> {
  /**
   * Asked before it is recorded that an identity is no administrator: its refusal is answered in
   * place of the denial and leaves no record, so that nobody fills the log.
   */
  readonly limitDenials?: (identity: Identity) => Promise<Refusal | undefined>;
}

/** What the admin routes are given. */
export interface Admin {
  /** Who calls, once it is known that they may; every "no" is on the record before it is answered, but for one of `limitDenials`. */
  readonly authenticate: (request: AdminRequest) => Promise<AdminCaller | Refusal>;
  readonly actions: AdminActions;
}

/**
 * What administrators can see and do. Answers are those of the contract (`admin-api/`).
 *
 * All may be called concurrently. What changes something is recorded, with who asked, before it is
 * done. A store that can't be reached is a refusal; then it is not known whether it was done.
 */
export interface AdminActions {
  keys(): Promise<KeysAnswer | Refusal>;
  rotate(ask: RotateAsk, caller: AdminCaller): Promise<RotateAnswer | Refusal>;
  revokeKey(ask: RevokeKeyAsk, caller: AdminCaller): Promise<RevokeKeyAnswer | Refusal>;
  revocations(): Promise<RevocationsAnswer | Refusal>;
  revoke(ask: RevokeAsk, caller: AdminCaller): Promise<RevokeAnswer | Refusal>;
  /** Undefined: it is lifted. */
  lift(id: string, caller: AdminCaller): Promise<Refusal | undefined>;
  credentials(ask: CredentialsAsk): Promise<CredentialsPage | Refusal>;
}

/** Without account and role: everything. */
export interface RotateAsk extends RotateBody {
  /** Only tell what it would ask for. */
  readonly dryRun?: boolean;
}

export interface RevokeKeyAsk extends RevokeKeyBody {
  readonly publicKey: string;
}

export interface RevokeAsk {
  readonly target: RevocationTarget;
  readonly reason: string;
  readonly block: boolean;
  /** Only tell what it would cut. */
  readonly dryRun: boolean;
}

export interface CredentialsAsk extends Omit<CredentialsQuery, 'limit'> {
  readonly limit: number;
}

export interface CredentialsPage extends CredentialsAnswer {
  /** On all pages together; the admin route doesn't tell it. */
  readonly total: number;
}
