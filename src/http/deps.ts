import type { FastifyRequest } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Refusal } from '../errors.ts';
import type { ExchangeRequest, Issued } from '../exchange-request.ts';
import type { Identity } from '../identity/identity.ts';
import type { Handovers } from '../login/handovers.ts';
import type { Logins } from '../login/logins.ts';
import type { Caller } from '../login/session.ts';
import type { Choices } from '../policy/choices.ts';
import type { Denial, Grant } from '../policy/policy.ts';

/** What the routes know of the running configuration; read for each request. */
export interface Live {
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /** NATS URLs that callers should connect to. */
  readonly servers: readonly string[];
  /** Whom a denied caller should contact. */
  readonly contact: string | undefined;
  readonly accounts: readonly { readonly name: string; readonly publicKey: string }[];
}

/** Without a promise if nothing has to be waited for: each costs an exchange a turn of the microtask queue. */
export type MaybeLater<T> = T | Promise<T>;

/** What every route gets. */
export interface RouteDeps {
  readonly exchange: (request: ExchangeRequest) => Promise<Issued | Refusal>;
  readonly live: () => Live;
  /** Refuses an address over its rate limit, before anything is read or verified. */
  readonly limitAddress: (request: FastifyRequest) => MaybeLater<Refusal | undefined>;
  /** Refuses an identity over its rate limit, once it is known. */
  readonly limitIdentity: (
    request: FastifyRequest,
    identity: Identity,
  ) => MaybeLater<Refusal | undefined>;
}

/** How the pages present themselves. */
export interface Branding {
  readonly name: string;
  readonly logo?: { readonly contentType: string; readonly content: Buffer };
}

/** What pages, and the OAuth endpoints for programs that users sign in to, get. It always reflects the configuration in force. */
export interface LoginService {
  readonly logins: Logins;
  readonly handovers: Handovers;
  choices(identity: Identity): Choices;
  /** Records that a user has no access. Returns a refusal if that cannot be recorded. */
  denied(identity: Identity, denial: Denial, caller: Caller): Promise<Refusal | undefined>;
  /** Whether this identity may use the console. */
  isAdmin(identity: Identity): boolean;
  /** What a role waits for whose key does not sign yet, or signs with the old permissions. */
  pending(role: Grant['role']): Issued['pending'];
  branding(): Branding;
  /** For the remaining times that pages show; absent: the system clock. */
  readonly clock?: Clock;
}

/** What the routes for users get. */
export interface LoginDeps extends RouteDeps {
  readonly login: LoginService;
}
