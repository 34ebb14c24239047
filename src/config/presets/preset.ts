import { z } from 'zod';
import type { TokenKind } from '../../identity/identity.ts';
import type { Algorithm, IssuerSpec, KeySource } from '../../identity/issuer.ts';
import { type IssuerSettings, issuerShape, type ResolvedIssuer } from '../schema/issuer.ts';
import { urlFault } from '../issuer-url.ts';

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

/** What `docs/presets.md` says of a provider. Markdown. */
export interface PresetDoc {
  /** What the tokens are, and how a caller gets one for this service. */
  readonly about: string;
  /** Where to find groups, roles, projects: the claims to bind on. */
  readonly claims: string;
  readonly pitfalls: readonly string[];
  /** YAML: an entry under `issuers` and a binding. */
  readonly example: string;
}

export interface Preset {
  /** The value of `preset:`; undefined for the plain issuer, which has none. */
  readonly id: string | undefined;
  readonly title: string;
  readonly schema: z.ZodType<ResolvedIssuer>;
  readonly doc: PresetDoc;
}

/** Joins a provider's own options with those of every issuer into one strict schema. */
export function definePreset<Options extends z.ZodRawShape>(preset: {
  readonly id: string | undefined;
  readonly title: string;
  readonly options: Options;
  facts(settings: z.output<z.ZodObject<Options>> & IssuerSettings): ProviderFacts | Misfit;
  readonly doc: PresetDoc;
}): Preset {
  const { id, title, doc } = preset;
  const selector = id === undefined ? {} : { preset: z.literal(id) };
  const shape = z.strictObject({ ...selector, ...preset.options, ...issuerShape });
  const schema = shape
    .transform((parsed, ctx): ResolvedIssuer => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape is generic here, so the compiler can't see that it holds both parts
      const settings = parsed as unknown as z.output<z.ZodObject<Options>> & IssuerSettings;
      const facts = preset.facts(settings);
      const misfits = 'message' in facts ? [facts] : urlMisfits(settings, facts);
      for (const { path, message } of misfits) {
        ctx.addIssue({ code: 'custom', path: [path], message, input: undefined });
      }
      return 'message' in facts ? z.NEVER : resolveIssuer(id, settings, facts);
    })
    .meta({ title, description: `An issuer${id === undefined ? '' : ` with preset ${id}`}.` });
  return { id, title, doc, schema };
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
    if (settings.jwks) misfits.push({ path: 'jwksUri', message: 'give either jwks or jwksUri' });
  }
  return misfits;
}

function resolveIssuer(
  preset: string | undefined,
  settings: IssuerSettings,
  facts: ProviderFacts,
): ResolvedIssuer {
  return {
    preset,
    hasLogin: settings.login !== undefined,
    ...(facts.trustDomain !== undefined && { trustDomain: facts.trustDomain }),
    spec: {
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
    },
  };
}

function keySource({ jwks, jwksUri }: IssuerSettings, facts: ProviderFacts): KeySource {
  if (jwks) return { kind: 'static', jwks };
  if (jwksUri !== undefined) return { kind: 'url', url: jwksUri };
  return facts.keys ?? { kind: 'discovery', issuer: facts.issuers[0] ?? '' };
}
