import type { Json } from '../identity/identity.ts';
import type { Problem, Refusal } from '../errors.ts';
import type { MatchSpec } from './match/grammar.ts';

/** Kinds of connection a credential may be used on, as NATS spells them (jwt v2 `allowed_connection_types`). */
export const CONNECTION_TYPES = [
  'STANDARD',
  'WEBSOCKET',
  'LEAFNODE',
  'LEAFNODE_WS',
  'MQTT',
  'MQTT_WS',
  'IN_PROCESS',
] as const;
type ConnectionType = (typeof CONNECTION_TYPES)[number];

/** Subjects to allow and deny; entries are subject templates in a `RoleSpec`, plain subjects in a `Grant`. */
export interface SubjectRules {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** What a role (or a grant) allows besides subjects; absent means "no limit of its own". */
export interface RoleLimits {
  readonly subscriptions?: number;
  readonly payloadBytes?: number;
  readonly dataBytes?: number;
}

/** A role as configured. Plain data. */
export interface RoleSpec {
  readonly name: string;
  readonly description?: string;
  /** Key under `accounts`. */
  readonly account: string;
  /** No `publish` (or an empty `allow`) publishes nothing: deny by default, unlike NATS itself. */
  readonly publish: SubjectRules;
  readonly subscribe: SubjectRules;
  /** Leave to answer requests on their reply subject: at most `max` messages within `ttlSeconds`. */
  readonly responses?: { readonly max: number; readonly ttlSeconds: number };
  readonly limits: RoleLimits;
  /** CIDR networks the connection must come from. */
  readonly sources?: readonly string[];
  /** Times of day (`HH:MM:SS`) within which connections are allowed, in `timezone` (IANA name). */
  readonly times?: readonly { readonly start: string; readonly end: string }[];
  readonly timezone?: string;
  readonly connectionTypes?: readonly ConnectionType[];
  readonly maxTtlSeconds: number;
  /** Managed accounts: where the permissions stand; absent: on a scoped signing key where that can be. */
  readonly signing?: 'scoped' | 'direct';
}

/** A binding as configured. Plain data. */
export interface BindingSpec {
  readonly name: string;
  /** Key under `issuers`. */
  readonly issuer: string;
  /** Claim name, or JSON Pointer (RFC 6901) when it starts with `/` → condition. All must hold. */
  readonly match: Readonly<Record<string, MatchSpec>>;
  /** CEL expression over `claims`, `issuer` and `subject`; must be true. */
  readonly when?: string;
  /** Roles these identities may take; the first is the default. */
  readonly roles: readonly string[];
}

/** A problem of a policy. */
export interface PolicyProblem extends Problem {
  /** A binding names a role that was not compiled. */
  readonly unknownRole?: true;
  /** Not to be reported where anything below this path has a problem, of which this one is a consequence. */
  readonly unlessBelow?: string;
}

/** What the caller asks for. */
export interface Ask {
  readonly role?: string | undefined;
  /** Only roles of this account (name). */
  readonly account?: string | undefined;
  readonly ttlSeconds?: number | undefined;
}

/** The decision "yes": this identity gets this role, with these permissions, for so long. */
export interface Grant {
  readonly binding: string;
  /** The one that lets the actor take the role; absent where nobody acts for the identity. */
  readonly actorBinding?: string;
  readonly role: RoleSpec;
  /** The role's rules with all templates filled in. */
  readonly publish: SubjectRules;
  readonly subscribe: SubjectRules;
  /** What the templates took from the identity, for scoped signing: tag name → one plain token, lower case. */
  readonly templateTags: Readonly<Record<string, string>>;
  /**
   * Why `templateTags` (then empty) can't stand for the templates, safe to show: a claim that is a
   * list or has upper-case letters, or a template that NATS has no form for. A scoped signing key
   * must then not sign: the denial's reason is `template_value_unsafe`.
   */
  readonly templateTagsUnavailable?: string;
  readonly lifetimeSeconds: number;
  /** The claims this decision looked at, for the audit record. */
  readonly claimsSeen: Readonly<Record<string, Json>>;
}

/** One condition of a binding, held against an identity. */
export interface ConditionTrace {
  /** The claim's name or pointer, `when` for the CEL expression, `issuer` for the issuer. */
  readonly on: string;
  /** What the binding wants, in words: `"refs/heads/main"`, `any of "prod", "staging"`. */
  readonly expected: string;
  /** What the token says; `undefined` when it says nothing. */
  readonly seen: Json | undefined;
  readonly held: boolean;
  /** Why it failed where that isn't plain from the values. */
  readonly note?: string;
}

/** One binding held against an identity, condition by condition. */
export interface BindingTrace {
  readonly binding: string;
  readonly roles: readonly string[];
  readonly conditions: readonly ConditionTrace[];
  readonly held: boolean;
}

/** The decision "no", with the binding that came nearest. */
export interface Denial {
  readonly refusal: Refusal;
  /** The binding with the fewest failed conditions, when there is one for the issuer at all. */
  readonly nearest?: BindingTrace;
  readonly claimsSeen: Readonly<Record<string, Json>>;
}

export type Decision = { readonly grant: Grant } | { readonly denial: Denial };
