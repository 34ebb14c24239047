import { z } from 'zod';
import { ALGORITHMS, type IssuerSpec } from '../../identity/issuer.ts';
import { holdsSecret, type Jwk } from '../../identity/keys/jwk-members.ts';
import type { TokenKind } from '../../identity/identity.ts';
import { type LoginSettings, loginSchema } from './login.ts';
import { duration, flag, oneOrMore, text } from './scalars.ts';

const KINDS = ['id_token', 'access_token', 'jwt'] as const satisfies readonly TokenKind[];

const keySetText = z.string().transform((json, ctx): unknown => {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    ctx.addIssue({ code: 'custom', message: 'is not JSON: write a JWKS, {"keys": […]}' });
    return z.NEVER;
  }
});

/** `warnings/key-sets.ts` checks the keys one by one: a bad one must not affect the others. */
const keySet = z
  .looseObject({ keys: z.array(z.unknown()).min(1, 'contains no key') })
  .refine(({ keys }) => !keys.some((key) => isObject(key) && holdsSecret(key)), {
    error: 'contains a private or symmetric key: give public keys only',
  })
  .transform(({ keys }) => ({ keys }));

function isObject(value: unknown): value is Jwk {
  return typeof value === 'object' && value !== null;
}

const jwks = z
  .union([keySetText.pipe(keySet), keySet], {
    error:
      'is not a key set of public keys: write {file: ./jwks.json}, or the JWKS itself, {keys: […]}',
  })
  .meta({ title: 'key set' });

/** Settings of every issuer entry, with any preset. */
export const issuerShape = {
  audience: oneOrMore(
    z.string().min(1, 'is empty'),
    'audience',
    'write the name of this service that tokens have in aud, such as audience: https://sts.example.com',
  ).meta({
    description:
      'Audience that tokens must have: a name for this service. Tokens for any other audience are rejected.',
  }),
  kinds: oneOrMore(z.enum(KINDS, { error: `write ${KINDS.join(', ')}` }), 'kind')
    .optional()
    .meta({
      description:
        'Kinds of token to accept: `id_token`, `access_token`, or `jwt` (neither of the two).',
    }),
  algorithms: oneOrMore(
    z.enum(ALGORITHMS, { error: `write one of ${ALGORITHMS.join(', ')}` }),
    'algorithm',
  )
    .optional()
    .meta({ description: 'Signature algorithms to accept.' }),
  subject: oneOrMore(z.string().min(1, 'is empty'), 'claim')
    .optional()
    .meta({ description: 'Claims that form the subject of an identity, joined by `/`.' }),
  jwksUri: text('URL of the public keys, for an issuer without discovery.').optional(),
  jwks: jwks.optional().meta({
    description:
      'The public keys themselves, for an issuer that cannot be reached: `{file: ./jwks.json}` or inline.',
  }),
  maxKeyAge: duration('Maximum age of fetched keys while the issuer cannot be reached.', {
    min: 60,
  }).prefault('24h'),
  leeway: duration('Clock difference to tolerate.', { min: 0, max: 300 }).prefault('30s'),
  maxTokenLifetime: duration('Reject tokens with a longer lifetime than this.').optional(),
  capToTokenExpiry: flag('Whether credentials expire no later than the subject token.').prefault(
    false,
  ),
  singleUse: flag('Whether each token (`jti`) is accepted only once.').prefault(false),
  allowInsecureHttp: flag('Allow plain http for this issuer, on loopback hosts only.').prefault(
    false,
  ),
  login: loginSchema.optional().meta({
    description:
      'Lets people sign in at this issuer with a browser. Requires `sealingKey`, an https `publicUrl`, and discovery at the issuer.',
  }),
};

const issuerSettings = z.strictObject(issuerShape);
/** The settings that all issuers share, as parsed. */
export type IssuerSettings = z.output<typeof issuerSettings>;

/** A login, and the rules for its ID tokens. */
export interface ResolvedLogin {
  readonly settings: LoginSettings;
  readonly idToken: Omit<IssuerSpec, 'name'>;
}

/** An issuer with its preset resolved. Its name is its key in the file. */
export interface ResolvedIssuer {
  readonly preset: string | undefined;
  readonly spec: Omit<IssuerSpec, 'name'>;
  /** SPIFFE: the trust domain that subjects belong to. */
  readonly trustDomain?: string;
  readonly login?: ResolvedLogin;
}
