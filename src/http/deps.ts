import type { FastifyRequest } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Refusal } from '../errors.ts';
import type { ExchangeRequest, Issued } from '../exchange.ts';
import type { Identity } from '../identity/identity.ts';
import type { Handovers } from '../login/handovers.ts';
import type { Logins } from '../login/logins.ts';
import type { Caller } from '../login/session.ts';
import type { Choices } from '../policy/choices.ts';
import type { Denial, Grant } from '../policy/policy.ts';

/** What the routes may know of the running configuration; read anew for each request. */
export interface Live {
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /** NATS URLs told to callers. */
  readonly servers: readonly string[];
  /** Whom a denied caller should ask. */
  readonly contact: string | undefined;
  readonly accounts: readonly { readonly name: string; readonly publicKey: string }[];
}

/** What every door of the HTTP service is given. */
export interface RouteDeps {
  readonly exchange: (request: ExchangeRequest) => Promise<Issued | Refusal>;
  readonly live: () => Live;
  /** Refuses an address that comes too often, before anything is read or verified. */
  readonly limitAddress: (request: FastifyRequest) => Promise<Refusal | undefined>;
  /** Refuses an identity that comes too often, once it is known. */
  readonly limitIdentity: (
    request: FastifyRequest,
    identity: Identity,
  ) => Promise<Refusal | undefined>;
}

/** How the pages present themselves. */
export interface Branding {
  readonly name: string;
  readonly logo?: { readonly contentType: string; readonly content: Buffer };
}

/** What the pages for people, and the programs that people sign in for, are given; always of the configuration in force. */
export interface LoginService {
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
export interface LoginDeps extends RouteDeps {
  readonly login: LoginService;
}
