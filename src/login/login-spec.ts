import type { KeyObject } from 'node:crypto';
import type { Algorithm, IssuerSpec } from '../identity/issuer.ts';

/** How nats-sts proves to the issuer who it is (OIDC Core §9). */
export type ClientAuthentication =
  /** A public client: PKCE alone. */
  | { readonly method: 'none' }
  /** `client_secret_basic`, or `_post` where the issuer says it takes only that. Secret. */
  | { readonly method: 'secret'; readonly secret: string }
  /** `private_key_jwt` (RFC 7523). Secret. */
  | {
      readonly method: 'private_key_jwt';
      readonly key: KeyObject;
      readonly algorithm: Algorithm;
      /** `kid` of the assertion's header, where the issuer wants one. */
      readonly keyId?: string;
    };

/** One issuer at which people sign in. Plain data. */
export interface LoginSpec {
  /** The operator's name for the issuer: the key under `issuers`. */
  readonly issuerName: string;
  /** What the page calls it. */
  readonly title: string;
  /** Where discovery begins (OIDC Discovery §4). */
  readonly issuer: string;
  readonly clientId: string;
  /** A path of ours: this issuer sends people back to it, and no other does (RFC 9700 §4.4.2.2). */
  readonly redirectPath: string;
  readonly authentication: ClientAuthentication;
  /** Always with `openid`. */
  readonly scopes: readonly string[];
  /** So long a session lives at most. */
  readonly sessionSeconds: number;
  /** What the ID tokens of this login must be; `name` is `issuerName`. */
  readonly idToken: IssuerSpec;
}

/** What is registered at the issuer, exactly. */
export function redirectUri(
  publicUrl: string,
  { redirectPath }: Pick<LoginSpec, 'redirectPath'>,
): string {
  return publicUrl + redirectPath;
}
