import type { Algorithm, IssuerSpec, KeySource } from '../../identity/issuer.ts';
import { urlFault } from '../issuer-url.ts';
import type { IssuerSettings, ResolvedIssuer, ResolvedLogin } from '../schema/issuer.ts';
import { DAY } from './options.ts';
import type { TokenKind } from '../../identity/identity.ts';

/** What a preset knows about its provider. */
interface Provider<Settings> {
  /** The preset's name. */
  readonly id: string | undefined;
  readonly title: string;
  /** Has `login` if people can sign in. */
  readonly doc: { readonly login?: readonly string[] };
  facts(settings: Settings): ProviderFacts | Misfit;
}

/** An entry completed by its preset, or everything that is wrong with it. */
export function resolveIssuer<Settings extends IssuerSettings>(
  provider: Provider<Settings>,
  settings: Settings,
): ResolvedIssuer | Misfit[] {
  const facts = provider.facts(settings);
  if ('message' in facts) return [facts];
  const login = resolveLogin(provider, settings);
  const misfits = urlMisfits(settings, facts);
  if (login && 'message' in login) misfits.push(login);
  if (misfits.length > 0) return misfits;
  return {
    preset: provider.id,
    ...(facts.trustDomain !== undefined && { trustDomain: facts.trustDomain }),
    spec: issuerSpec(settings, facts),
    ...(login && 'idToken' in login && { login }),
  };
}

/**
 * The rules for ID tokens of a login: those of the entry, if it were only for ID tokens whose audience is
 * the client, and only of the first issuer, whose discovery document is used.
 */
function resolveLogin<Settings extends IssuerSettings>(
  provider: Provider<Settings>,
  settings: Settings,
): ResolvedLogin | Misfit | undefined {
  const { login } = settings;
  if (!login) return undefined;
  if (!provider.doc.login) {
    return {
      path: 'login',
      message: `is for people, but ${provider.title} (preset ${provider.id}) issues tokens to machines only: leave it out, and let people sign in at another issuer`,
    };
  }
  const ofLogin = { ...settings, kinds: ['id_token' as const], audience: [login.clientId] };
  const facts = provider.facts(ofLogin);
  if ('message' in facts) return facts;
  const spec = issuerSpec(ofLogin, facts);
  return {
    settings: login,
    idToken: {
      ...spec,
      issuers: spec.issuers.slice(0, 1),
      audiences: [login.clientId],
      audienceClaim: 'aud',
      // The nonce ties the token to one login, so it cannot be replayed.
      singleUse: false,
      maxTokenLifetimeSeconds: Math.max(DAY, spec.maxTokenLifetimeSeconds),
    },
  };
}

function urlMisfits(settings: IssuerSettings, facts: ProviderFacts): Misfit[] {
  const misfits: Misfit[] = [];
  for (const issuer of facts.issuers) {
    const message = urlFault(issuer, settings.allowInsecureHttp);
    if (message) misfits.push({ path: 'issuer', message });
  }
  if (settings.jwksUri !== undefined) {
    const message = urlFault(settings.jwksUri, settings.allowInsecureHttp);
    if (message) misfits.push({ path: 'jwksUri', message });
    if (settings.jwks)
      misfits.push({ path: 'jwksUri', message: 'is given in addition to jwks: keep one of them' });
  }
  return misfits;
}

function issuerSpec(settings: IssuerSettings, facts: ProviderFacts): Omit<IssuerSpec, 'name'> {
  return {
    ...(facts.trustDomain !== undefined && { trustDomain: facts.trustDomain }),
    issuers: facts.issuers,
    keys: keySource(settings, facts),
    algorithms: settings.algorithms ?? facts.algorithms,
    kinds: settings.kinds ?? facts.kinds,
    audiences: facts.audiences ?? settings.audience,
    audienceClaim: facts.audienceClaim ?? 'aud',
    subject: settings.subject ? [settings.subject] : (facts.subject ?? [['sub']]),
    require: facts.require ?? {},
    leewaySeconds: settings.leeway,
    maxTokenLifetimeSeconds: settings.maxTokenLifetime ?? facts.maxTokenLifetimeSeconds,
    capToTokenExpiry: settings.capToTokenExpiry,
    singleUse: settings.singleUse,
    allowInsecureHttp: settings.allowInsecureHttp,
    maxKeyAgeSeconds: settings.maxKeyAge,
  };
}

function keySource({ jwks, jwksUri }: IssuerSettings, facts: ProviderFacts): KeySource {
  if (jwks) return { kind: 'static', jwks };
  if (jwksUri !== undefined) return { kind: 'url', url: jwksUri };
  return facts.keys ?? { kind: 'discovery', issuer: facts.issuers[0] ?? '' };
}

/** What is true of a provider's tokens. The operator's settings override it. */
export interface ProviderFacts {
  readonly issuers: readonly string[];
  /** Absent: OIDC discovery at the (first) issuer. */
  readonly keys?: KeySource;
  readonly algorithms: readonly Algorithm[];
  readonly kinds: readonly TokenKind[];
  readonly maxTokenLifetimeSeconds: number;
  /** Absent: `[['sub']]`. */
  readonly subject?: IssuerSpec['subject'];
  /** Absent: `aud`. */
  readonly audienceClaim?: IssuerSpec['audienceClaim'];
  /** Absent: the operator's setting. */
  readonly audiences?: readonly string[];
  readonly require?: IssuerSpec['require'];
  readonly trustDomain?: string;
}

/** What is wrong with the operator's settings. */
export interface Misfit {
  readonly path: string;
  readonly message: string;
}
