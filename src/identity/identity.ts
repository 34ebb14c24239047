/** Any JSON value (RFC 8259). */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** The claims of a verified token, as in its payload. */
export type Claims = Readonly<Record<string, Json>>;

/** What a subject token is, as far as the token itself says (see `kind.ts`). */
export type TokenKind =
  /** OIDC ID token (OIDC Core §2). */
  | 'id_token'
  /** OAuth 2.0 access token (RFC 9068 or the provider's own form). */
  | 'access_token'
  /** A signed JWT that says neither: workload tokens of CI systems, Kubernetes, SPIFFE. */
  | 'jwt';

/** What a verified subject token says. Only `identity/verify.ts` makes one; the exchange adds `client`. */
export interface Identity {
  /** The operator's name for the issuer: the key under `issuers` in the configuration. */
  readonly issuerName: string;
  /** The token's `iss`, byte for byte. */
  readonly issuer: string;
  /** Stable within the issuer: `sub`, or what the issuer's preset names (Entra: `tid/oid`). */
  readonly subject: string;
  readonly kind: TokenKind;
  readonly claims: Claims;
  /** Unix seconds. */
  readonly issuedAt: number;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** SHA-256 of the whole token, in hexadecimal: what logs may hold instead of the token. */
  readonly tokenHash: string;
  /**
   * How the NATS client connected that presented the token, as its server tells: `kind`, `type`, `host`,
   * `mqttId`, `tls`. Apart from the claims, so that no token can say it. Only in auth callouts.
   */
  readonly client?: Claims;
}
