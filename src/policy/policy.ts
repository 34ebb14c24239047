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

/** Other limits of a role or grant. Absent: the limit of the account. */
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
  /** An empty `allow` allows nothing: deny by default, unlike NATS itself. */
  readonly publish: SubjectRules;
  readonly subscribe: SubjectRules;
  /** Permission to reply to requests: at most `max` messages within `ttlSeconds`. */
  readonly responses?: { readonly max: number; readonly ttlSeconds: number };
  readonly limits: RoleLimits;
  /** CIDR networks the connection must come from. */
  readonly sources?: readonly string[];
  /** Times of day (`HH:MM:SS`) within which connections are allowed, in `timezone` (IANA name). */
  readonly times?: readonly { readonly start: string; readonly end: string }[];
  readonly timezone?: string;
  readonly connectionTypes?: readonly ConnectionType[];
  readonly maxTtlSeconds: number;
  /** Managed accounts: where the permissions are. Absent: on a scoped signing key if possible. */
  readonly signing?: 'scoped' | 'direct';
}

/** A binding as configured. Plain data. */
export interface BindingSpec {
  readonly name: string;
  /** Key under `issuers`. */
  readonly issuer: string;
  /** Claim name, or JSON Pointer (RFC 6901) when it starts with `/` → condition. All must hold. */
  readonly match: Readonly<Record<string, MatchSpec>>;
  /** CEL expression over `claims`, `issuer`, `subject` and `client`; must be true. */
  readonly when?: string;
  /** Roles that these identities may have. The first is the default. */
  readonly roles: readonly string[];
}

/** A problem of a policy. */
export interface PolicyProblem extends Problem {
  /** Set if a binding names a role that does not exist or has problems. */
  readonly unknownRole?: true;
  /** Report only if nothing below this path has a problem, which would be the cause. */
  readonly unlessBelow?: string;
}

/** What the caller asks for. */
export interface Ask {
  readonly role?: string | undefined;
  /** Only roles of this account (name). */
  readonly account?: string | undefined;
  readonly ttlSeconds?: number | undefined;
}

/** A positive decision: this identity gets this role, with these permissions, for this long. */
export interface Grant {
  readonly binding: string;
  /** The binding that gives the actor the role. Absent without an actor. */
  readonly actorBinding?: string;
  readonly role: RoleSpec;
  /** The role's rules with all templates filled in. */
  readonly publish: SubjectRules;
  readonly subscribe: SubjectRules;
  /** Values of the templates, for scoped signing: tag name → one plain token, lower case. */
  readonly templateTags: Readonly<Record<string, string>>;
  /**
   * Why `templateTags` (then empty) cannot replace the templates, safe to show: a claim is a list or has
   * upper-case letters, or NATS cannot express a template. A scoped signing key must then not sign, and
   * the reason of the denial is `template_value_unsafe`.
   */
  readonly templateTagsUnavailable?: string;
  readonly lifetimeSeconds: number;
  /** The claims that the decision read, for the audit record. */
  readonly claimsSeen: Readonly<Record<string, Json>>;
}

/** The result of one condition for an identity. */
export interface ConditionTrace {
  /** The claim's name or pointer, `when` for the CEL expression, `issuer` for the issuer. */
  readonly on: string;
  /** What the binding requires, in words: `"refs/heads/main"`, `any of "prod", "staging"`. */
  readonly expected: string;
  /** What the token says; `undefined` if it does not have the claim. */
  readonly seen: Json | undefined;
  readonly held: boolean;
  /** Why it failed, if the values do not show it. */
  readonly note?: string;
}

/** The result of one binding for an identity, condition by condition. */
export interface BindingTrace {
  readonly binding: string;
  readonly roles: readonly string[];
  readonly conditions: readonly ConditionTrace[];
  readonly held: boolean;
}

/** A negative decision, with the binding that came closest. */
export interface Denial {
  readonly refusal: Refusal;
  /** The binding with the fewest failed conditions, if the issuer has any binding. */
  readonly nearest?: BindingTrace;
  readonly claimsSeen: Readonly<Record<string, Json>>;
}

export type Decision = { readonly grant: Grant } | { readonly denial: Denial };
