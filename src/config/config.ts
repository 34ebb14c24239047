import type { IssuerSpec } from '../identity/issuer.ts';
import type { BindingSpec, RoleSpec } from '../policy/policy.ts';
import type { Warning } from './findings.ts';

/** One of an account's signing keys, as given by the operator. */
export interface SigningKeySpec {
  /** Account nkey seed, `SA…`. Secret. */
  readonly seed: string;
  /** Set when the account JWT ties the key to this role's template (a scoped signing key). */
  readonly role?: string;
}

export interface AccountSpec {
  readonly name: string;
  /** Public account nkey, `A…`. */
  readonly publicKey: string;
  /** The first one that fits a role signs for it. */
  readonly signingKeys: readonly SigningKeySpec[];
}

interface RateSpec {
  readonly max: number;
  readonly everySeconds: number;
}

/**
 * The whole configuration, read, resolved and checked: what the parts are built from.
 * Only `config/load.ts` makes one. Units are in the names; paths are absolute.
 */
export interface Config {
  /** The file it came from, absolute. */
  readonly file: string;
  /** Every file that was read for it (the file itself and each `{file: …}`): what to watch. */
  readonly files: readonly string[];
  readonly listen: {
    readonly host: string;
    readonly port: number;
    /** PEM files; read again when they change. */
    readonly tls?: { readonly certFile: string; readonly keyFile: string };
    /** Addresses or CIDR networks of the proxies whose `X-Forwarded-For` is believed. */
    readonly behindProxy?: readonly string[];
  };
  /** Without a trailing slash; absent: derived from `listen`. */
  readonly publicUrl: string;
  readonly nats: {
    /** URLs that credentials are for, told to callers. */
    readonly servers: readonly string[];
    /** The servers' `max_control_line`. */
    readonly maxControlLineBytes: number;
  };
  readonly accounts: readonly AccountSpec[];
  /** SQLite file of the audit log and the single-use memory. */
  readonly store: { readonly sqliteFile: string };
  readonly audit: {
    /** What a record must survive before anything is signed: this process's death, or the machine's. */
    readonly survive: 'process-crash' | 'power-loss';
    readonly retentionSeconds: number;
  };
  readonly issuers: readonly IssuerSpec[];
  readonly roles: readonly RoleSpec[];
  readonly bindings: readonly BindingSpec[];
  readonly rateLimit: {
    readonly enabled: boolean;
    readonly perAddress: RateSpec;
    readonly perIdentity: RateSpec;
  };
  readonly limits: {
    readonly bodyBytes: number;
    readonly tokenBytes: number;
    /** Requests in progress at once; above it callers get 503 with `Retry-After`. */
    readonly concurrentRequests: number;
    readonly requestSeconds: number;
    /** How long a stop waits for requests in progress. */
    readonly drainSeconds: number;
  };
  /** Whom a refused person should ask, shown with denials. */
  readonly contact?: string;
  /** What is allowed but probably not meant; shown by `check` and at start. */
  readonly warnings: readonly Warning[];
}
