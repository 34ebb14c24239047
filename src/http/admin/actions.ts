import type { Refusal } from '../../errors.ts';
import type { ExchangeRequest } from '../../exchange.ts';
import type { Identity } from '../../identity/identity.ts';
import type { UserPermissionLimits } from '../../nats/user-claims.ts';
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
 * What administrators can see and do. Answers are plain data, as the routes send them: names in
 * snake case, times in Unix seconds.
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
  credentials(ask: CredentialsAsk): Promise<CredentialsAnswer | Refusal>;
}

export interface KeyAnswer {
  readonly public_key: string;
  readonly slot: string;
  readonly role: string | null;
  readonly state: 'staged' | 'active' | 'draining' | 'retired';
  readonly reason: string;
  readonly staged_at: number;
  readonly active_at: number | null;
  readonly draining_at: number | null;
  readonly retired_at: number | null;
  readonly retires_at: number | null;
  readonly listed: boolean;
  readonly waits_for: readonly string[];
  readonly may_sign_at: number | null;
  readonly lifetime_seconds: number;
  readonly credentials_alive: number;
  readonly sessions: number | null;
}

export interface AccountAnswer {
  readonly account: string;
  readonly public_key: string;
  readonly kind: 'managed' | 'external';
  readonly next_rotation_at: number | null;
  /** Why the rotator's last pass over it failed. */
  readonly obstacle: string | null;
  readonly keys: readonly KeyAnswer[];
  readonly spare_keys: number | null;
  readonly slots: readonly {
    readonly slot: string;
    readonly template: UserPermissionLimits | null;
    readonly signs: 'current' | 'outdated' | 'nothing';
  }[];
}

export interface KeysAnswer {
  readonly accounts: readonly AccountAnswer[];
  readonly rotator: { readonly leader: string | null; readonly lease_until: number | null };
  readonly sessions_known: boolean;
}

/** Without account and role: everything. */
export interface RotateAsk {
  readonly account?: string;
  readonly role?: string;
  /** Only tell what it would ask for. */
  readonly dryRun?: boolean;
}

export interface RotateAnswer {
  readonly requested: readonly { readonly account: string; readonly slot: string }[];
}

export interface RevokeKeyAsk {
  readonly publicKey: string;
  readonly reason: string;
}

export interface RevokeKeyAnswer {
  readonly public_key: string;
  readonly account: string;
  /** External: whoever has the key can use it until the operator takes it out of the account JWT. */
  readonly kind: 'managed' | 'external';
  readonly slot: string;
  readonly credentials_cut: number;
}

export interface RevokeAsk {
  readonly target: RevocationTarget;
  readonly reason: string;
  readonly block: boolean;
  /** Only tell what it would cut. */
  readonly dryRun: boolean;
}

export interface RevokeAnswer {
  /** Absent in a dry run. */
  readonly id?: string;
  readonly target: RevocationTarget;
  readonly block: boolean;
  readonly at: number;
  readonly credentials: number;
  readonly credentials_not_cut: number;
  readonly sessions: number | null;
}

export interface RevocationsAnswer {
  readonly revocations: readonly {
    readonly id: string;
    readonly target: RevocationTarget;
    readonly reason: string;
    readonly block: boolean;
    readonly at: number;
    readonly until: number;
    readonly by: { readonly issuer: string; readonly subject: string };
    readonly credentials: number;
  }[];
}

export interface CredentialsAsk {
  readonly issuer?: string;
  readonly subject?: string;
  readonly role?: string;
  readonly binding?: string;
  readonly account?: string;
  readonly user?: string;
  readonly limit: number;
  /** `next` of the answer before. */
  readonly cursor?: string;
}

export interface CredentialsAnswer {
  readonly credentials: readonly {
    readonly user: string;
    readonly account: string;
    readonly role: string;
    readonly binding: string;
    readonly issuer: string;
    readonly subject: string;
    readonly actor: { readonly issuer: string; readonly subject: string } | null;
    readonly signing_key: string;
    readonly issued_at: number;
    readonly expires_at: number;
  }[];
  readonly next: string | null;
  /** On all pages together; the admin route doesn't tell it. */
  readonly total?: number;
}
