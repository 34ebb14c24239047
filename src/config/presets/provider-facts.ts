import type { TokenKind } from '../../identity/identity.ts';
import type { Algorithm, IssuerSpec, KeySource } from '../../identity/issuer.ts';

/** What is true of a provider's tokens, and only that; the operator's own settings come on top. */
export interface ProviderFacts {
  readonly issuers: readonly string[];
  /** Left out: OIDC discovery at the (first) issuer. */
  readonly keys?: KeySource;
  readonly algorithms: readonly Algorithm[];
  readonly kinds: readonly TokenKind[];
  readonly maxTokenLifetimeSeconds: number;
  /** Left out: `[['sub']]`. */
  readonly subject?: IssuerSpec['subject'];
  /** Left out: `aud`. */
  readonly audienceClaim?: IssuerSpec['audienceClaim'];
  /** Left out: what the operator wrote. */
  readonly audiences?: readonly string[];
  readonly require?: IssuerSpec['require'];
  readonly trustDomain?: string;
}

/** What is wrong with the operator's settings for this provider. */
export interface Misfit {
  readonly path: string;
  readonly message: string;
}
