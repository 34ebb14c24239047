import type { FastifyRequest } from 'fastify';
import type { Refusal } from '../errors.ts';
import type { ExchangeRequest, Issued } from '../exchange.ts';
import type { Identity } from '../identity/identity.ts';

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
export interface Doors {
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
