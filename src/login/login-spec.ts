import type { KeyObject } from 'node:crypto';
import type { Algorithm, IssuerSpec } from '../identity/issuer.ts';

/** How nats-sts authenticates to the issuer (OIDC Core §9). */
export type ClientAuthentication =
  /** A public client: PKCE alone. */
  | { readonly method: 'none' }
  /** `client_secret_basic`, or `_post` if the issuer says it accepts only that. Secret. */
  | { readonly method: 'secret'; readonly secret: string }
  /** `private_key_jwt` (RFC 7523). Secret. */
  | {
      readonly method: 'private_key_jwt';
      readonly key: KeyObject;
      readonly algorithm: Algorithm;
      /** `kid` in the header of the assertion, if the issuer requires one. */
      readonly keyId?: string;
    };

/** One issuer at which people sign in. Plain data. */
export interface LoginSpec {
  /** The operator's name for the issuer: the key under `issuers`. */
  readonly issuerName: string;
  /** Its name on the page. */
  readonly title: string;
  /** Where discovery starts (OIDC Discovery §4). */
  readonly issuer: string;
  readonly clientId: string;
  /** Our path to which this issuer, and no other, sends people back (RFC 9700 §4.4.2.2). */
  readonly redirectPath: string;
  readonly authentication: ClientAuthentication;
  /** Always includes `openid`. */
  readonly scopes: readonly string[];
  /** The longest that a session may last. */
  readonly sessionSeconds: number;
  /** Requirements for the ID tokens of this login; `name` is `issuerName`. */
  readonly idToken: IssuerSpec;
}

/** Exactly the redirect URI registered at the issuer. */
export function redirectUri(
  publicUrl: string,
  { redirectPath }: Pick<LoginSpec, 'redirectPath'>,
): string {
  return publicUrl + redirectPath;
}
