import { z } from 'zod';
import { type IssuerSettings, issuerShape, type ResolvedIssuer } from '../schema/issuer.ts';
import type { ClaimFacts } from './claim-facts.ts';
import { type Misfit, type ProviderFacts, resolveIssuer } from './resolve.ts';

/** Text for `docs/presets.md`. Markdown. */
export interface PresetDoc {
  /** Which tokens, and how a caller gets one for this service. */
  readonly about: string;
  /** Where to find groups, roles, projects: the claims to bind on. */
  readonly claims: string;
  readonly pitfalls: readonly string[];
  /** YAML: an entry under `issuers` and a binding. */
  readonly example: string;
  /** What to set up at the provider for signing in. Absent: it has no people, so an entry cannot have a login. */
  readonly login?: readonly string[];
}

export interface Preset {
  /** The value of `preset:`; undefined for the plain issuer, which has none. */
  readonly id: string | undefined;
  readonly title: string;
  readonly schema: z.ZodType<ResolvedIssuer>;
  /** Types of the provider's claims; conditions are checked against them. */
  readonly claims: ClaimFacts;
  readonly doc: PresetDoc;
}

interface PresetDefinition<Options extends z.ZodRawShape> {
  readonly id: string | undefined;
  readonly title: string;
  readonly options: Options;
  facts(settings: z.output<z.ZodObject<Options>> & IssuerSettings): ProviderFacts | Misfit;
  /** Absent: nothing is certain beyond what every JWT has. */
  readonly claims?: ClaimFacts;
  readonly doc: PresetDoc;
}

/** Combines a provider's options and the common options into one strict schema. */
export function definePreset<Options extends z.ZodRawShape>(
  preset: PresetDefinition<Options>,
): Preset {
  const { id, title, doc, claims = {} } = preset;
  const selector = id === undefined ? {} : { preset: z.literal(id) };
  const shape = z.strictObject({ ...selector, ...preset.options, ...issuerShape });
  const schema = shape
    .transform((parsed, ctx): ResolvedIssuer => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape is generic here, so the compiler cannot see that it has both parts
      const settings = parsed as unknown as z.output<z.ZodObject<Options>> & IssuerSettings;
      const issuer = resolveIssuer(preset, settings);
      if (!Array.isArray(issuer)) return issuer;
      for (const { path, message } of issuer) {
        ctx.addIssue({ code: 'custom', path: [path], message, input: undefined });
      }
      return z.NEVER;
    })
    .meta({ title, description: `An issuer${id === undefined ? '' : ` with preset ${id}`}.` });
  return { id, title, doc, schema, claims };
}
