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
    ctx.addIssue({ code: 'custom', message: 'is not JSON: give a JWKS, {"keys": […]}' });
    return z.NEVER;
  }
});

/** What the keys are is looked at one by one (`warnings/key-sets.ts`): one of many must not spoil the others. */
const keySet = z
  .looseObject({ keys: z.array(z.unknown()).min(1, 'holds no key') })
  .refine(({ keys }) => !keys.some((key) => isObject(key) && holdsSecret(key)), {
    error: 'holds a private or symmetric key: only public keys belong here',
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

/** What every issuer entry may say, whatever its preset. */
export const issuerShape = {
  audience: oneOrMore(
    z.string().min(1, 'is empty'),
    'audience',
    'write the name of this service that its tokens carry in aud, such as audience: https://sts.example.com',
  ).meta({
    description:
      'Whom tokens must be meant for: this service, by a name of its own. A token for anyone else is refused.',
  }),
  kinds: oneOrMore(z.enum(KINDS, { error: `write ${KINDS.join(', ')}` }), 'kind')
    .optional()
    .meta({
      description: 'Kinds of token that are taken: `id_token`, `access_token`, `jwt` (neither).',
    }),
  algorithms: oneOrMore(
    z.enum(ALGORITHMS, { error: `write one of ${ALGORITHMS.join(', ')}` }),
    'algorithm',
  )
    .optional()
    .meta({ description: 'Signature algorithms that are taken.' }),
  subject: oneOrMore(z.string().min(1, 'is empty'), 'claim')
    .optional()
    .meta({ description: 'Claims that make up the subject of an identity, joined by `/`.' }),
  jwksUri: text('Where the public keys are, when discovery does not tell.').optional(),
  jwks: jwks.optional().meta({
    description:
      'The public keys themselves, for an issuer that can not be reached: `{file: ./jwks.json}` or inline.',
  }),
  maxKeyAge: duration('How old fetched keys may grow while the issuer can not be reached.', {
    min: 60,
  }).prefault('24h'),
  leeway: duration('Clock difference that is forgiven.', { min: 0, max: 300 }).prefault('30s'),
  maxTokenLifetime: duration('Refuse tokens made to live longer than this.').optional(),
  capToTokenExpiry: flag('End credentials no later than the subject token.').prefault(false),
  singleUse: flag('Take each token (`jti`) once only.').prefault(false),
  allowInsecureHttp: flag('Plain http for this issuer; loopback hosts only.').prefault(false),
  login: loginSchema.optional().meta({
    description:
      'Lets people sign in at this issuer, with a browser. Needs `sealingKey`, an https `publicUrl`, and discovery at the issuer.',
  }),
};

const issuerSettings = z.strictObject(issuerShape);
/** The settings that all issuers share, as parsed. */
export type IssuerSettings = z.output<typeof issuerSettings>;

/** A login, and what its ID tokens are. */
export interface ResolvedLogin {
  readonly settings: LoginSettings;
  readonly idToken: Omit<IssuerSpec, 'name'>;
}

/** An issuer with its preset resolved; the name comes from the key it stands under. */
export interface ResolvedIssuer {
  readonly preset: string | undefined;
  readonly spec: Omit<IssuerSpec, 'name'>;
  /** SPIFFE: the trust domain that subjects belong to. */
  readonly trustDomain?: string;
  readonly login?: ResolvedLogin;
}
