import type { TokenKind } from './identity.ts';

/** Asymmetric JWS algorithms that nats-sts verifies (RFC 7518 §3.1, RFC 8037, RFC 9864). */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** Where an issuer's public keys come from. */
export type KeySource =
  /** OpenID Provider Metadata below this URL (OIDC Discovery §4); its `issuer` must equal ours. */
  | { readonly kind: 'discovery'; readonly issuer: string }
  /** The key set at this URL. */
  | { readonly kind: 'url'; readonly url: string }
  /** A key set that the operator wrote down (RFC 7517 §5): issuers that can't be reached. */
  | { readonly kind: 'static'; readonly jwks: { readonly keys: readonly unknown[] } };

/** One configured issuer, presets already resolved. Plain data. */
export interface IssuerSpec {
  /** The operator's name for it. */
  readonly name: string;
  /** Every `iss` that means this issuer, compared byte for byte. More than one only for Entra's tenant list. */
  readonly issuers: readonly string[];
  readonly keys: KeySource;
  readonly algorithms: readonly Algorithm[];
  readonly kinds: readonly TokenKind[];
  /** The token must be meant for one of these. Never empty. */
  readonly audiences: readonly string[];
  /** The claim with the audience: `aud`, or `client_id` for Cognito access tokens. */
  readonly audienceClaim: 'aud' | 'client_id';
  /**
   * Which claims make up the subject, by preference: the first entry whose claims are all present
   * wins; several claims in one entry are joined by `/`. Usually `[['sub']]`.
   */
  readonly subject: readonly (readonly string[])[];
  /** Claims that must hold one of the given strings, e.g. `{ token_use: ['access'] }`. */
  readonly require: Readonly<Record<string, readonly string[]>>;
  /** SPIFFE: `sub` must be an ID of this trust domain (SPIFFE-ID §2.1). */
  readonly trustDomain?: string;
  /** Clock difference forgiven on `exp`, `nbf` and `iat`. */
  readonly leewaySeconds: number;
  /** Refuse tokens made to live longer than this (`exp` − `iat`). */
  readonly maxTokenLifetimeSeconds: number;
  /** The credential ends no later than the subject token. */
  readonly capToTokenExpiry: boolean;
  /** Accept each `jti` once. */
  readonly singleUse: boolean;
  /** Plain http for discovery and keys, loopback hosts only. */
  readonly allowInsecureHttp: boolean;
  /** How old the last fetched key set may grow while the issuer can't be reached. */
  readonly maxKeyAgeSeconds: number;
}
