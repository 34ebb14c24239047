import type { IssuerSpec } from '../identity/issuer.ts';
import type { LoginSpec } from '../login/login-spec.ts';
import type { ManagedLimits } from '../nats/account-claims.ts';
import type { AdminPolicy, AdminRule } from '../policy/admin.ts';
import type { Policy } from '../policy/compile.ts';
import type { BindingSpec, RoleSpec } from '../policy/policy.ts';
import type { FileVersions } from './files.ts';
import type { Warning } from './findings.ts';

/** One of an account's signing keys, as given by the operator. */
export interface SigningKeySpec {
  /** Account nkey seed, `SA…`. Secret. */
  readonly seed: string;
  /** Set when the account JWT ties the key to this role's template (a scoped signing key). */
  readonly role?: string;
}

export interface RotationSpec {
  /** Absent (external accounts only): rotates only on request. */
  readonly everySeconds?: number;
  /** How long a process that lost the store keeps signing with its active key. */
  readonly graceSeconds: number;
  /** What happens to credentials of a role whose permissions changed. */
  readonly onChange: 'drain' | 'cut';
}

export interface AccountSpec {
  readonly name: string;
  /** Public account nkey, `A…`; of an account without one, that of the callout's issuer. */
  readonly publicKey: string;
  /**
   * Managed: nats-sts makes the signing keys. External: the operator gives them. Configured: the account is in
   * nats-server.conf, and its users exist only in the answers of the auth callout.
   */
  readonly kind: 'managed' | 'external' | 'configured';
  /** Configured accounts: the name in nats-server.conf. */
  readonly serverName?: string;
  /** For each role, the first that may sign for it is used. Empty for managed accounts only. */
  readonly signingKeys: readonly SigningKeySpec[];
  /** Set for managed accounts, and for external ones that rotate through their keys. */
  readonly rotation?: RotationSpec;
  /** Managed accounts: limits to write into the JWT; others in it are left alone. */
  readonly limits?: ManagedLimits;
}

/** How nats-sts logs in to NATS. All but a file's path is secret. */
export type NatsLoginSpec =
  | { readonly credsFile: string }
  | { readonly nkeySeed: string }
  | { readonly user: string; readonly password: string };

/** The auth callout that nats-sts answers. */
export interface CalloutSpec {
  /** Operator mode: name of the account. */
  readonly account?: string;
  /** Configuration mode: seed of the issuer, `SA…`. Secret. */
  readonly issuerSeed?: string;
  readonly login: NatsLoginSpec;
  readonly servers: readonly string[];
  /** `SX…`; servers seal for the first. Secret. Empty: requests are not sealed. */
  readonly xkeySeeds: readonly string[];
  readonly userName: 'role' | 'any';
  readonly deadlineSeconds: number;
}

/** Name and logo of the pages. */
export interface Branding {
  /** In headings and titles. */
  readonly name: string;
  readonly logo?: { readonly contentType: string; readonly content: Buffer };
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
  /** Every file that was read (the file itself, each `{file: …}`, the logo), to watch for changes. */
  readonly files: FileVersions;
  readonly listen: {
    readonly host: string;
    readonly port: number;
    /** PEM files; read again when they change. */
    readonly tls?: { readonly certFile: string; readonly keyFile: string };
    /** Addresses or CIDR networks of the proxies whose `X-Forwarded-For` is trusted. */
    readonly behindProxy?: readonly string[];
  };
  /** Without a trailing slash; absent: derived from `listen`. */
  readonly publicUrl: string;
  readonly nats: {
    /** URLs that callers get with their credentials. */
    readonly servers: readonly string[];
    /** The servers' `max_control_line`. */
    readonly maxControlLineBytes: number;
    /** Creds file of a user of the system account. */
    readonly system?: { readonly credsFile: string };
    /** Seed of an operator signing key, `SO…`. Secret. Only with `system`. */
    readonly operatorSigningKey?: string;
    /** JWT of the operator, verified; it lists `operatorSigningKey`. */
    readonly operatorJwt?: string;
  };
  readonly accounts: readonly AccountSpec[];
  readonly callout?: CalloutSpec;
  readonly store: {
    /** SQLite file of the audit log and of used tokens; without `jetstream`, also of the shared state. */
    readonly sqliteFile: string;
    /** Key-value bucket of the shared state. */
    readonly jetstream?: {
      readonly bucket: string;
      readonly servers: readonly string[];
      readonly credsFile?: string;
      readonly replicas: number;
    };
  };
  /** 32 bytes each. The first encrypts stored signing keys, all decrypt them. Secret. Empty only without managed accounts. */
  readonly sealingKeys: readonly Buffer[];
  readonly rotator: { readonly leaseSeconds: number };
  /** Who may administer; empty: nobody. */
  readonly admin: readonly AdminRule[];
  /** `admin`, compiled. */
  readonly administrators: AdminPolicy;
  readonly audit: {
    /** What a record must survive before anything is signed. */
    readonly survive: 'process-crash' | 'power-loss';
    readonly retentionSeconds: number;
  };
  readonly issuers: readonly IssuerSpec[];
  /** Issuers at which people sign in; empty: nobody can. Only with `sealingKeys`. */
  readonly logins: readonly LoginSpec[];
  readonly branding: Branding;
  readonly roles: readonly RoleSpec[];
  readonly bindings: readonly BindingSpec[];
  /** `roles` and `bindings`, compiled. */
  readonly policy: Policy;
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
    readonly stopDelaySeconds: number;
    readonly drainSeconds: number;
  };
  /** How many processes answer callers. */
  readonly workers: number | 'auto';
  /** Whom to contact after a denial; shown with it. */
  readonly contact?: string;
  /** What is allowed but probably a mistake; shown by `check` and at startup. */
  readonly warnings: readonly Warning[];
}
