import { z } from 'zod';
import { ALGORITHMS } from '../../identity/issuer.ts';
import { duration, line, missing, oneOrMore, text } from './scalars.ts';

const MINUTE = 60;
const DAY = 86_400;

const scope = z
  .string()
  // RFC 6749 §3.3
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'is not one scope: write a list, [openid, profile]')
  .meta({ title: 'scope' });

/** How people sign in at an issuer: the settings of nats-sts as its client. */
export const loginSchema = z.strictObject({
  clientId: z
    .string({ error: missing('write the client ID of nats-sts at the issuer') })
    // RFC 6749 appendix A.1
    .regex(
      /^[\x20-\x7e]{1,256}$/,
      'is not a client ID: remove control characters, and use 256 characters at most',
    )
    .meta({ title: 'text', description: 'Client ID of nats-sts at the issuer.' }),
  clientSecret: text(
    'Client secret. Without this and `privateKey`, nats-sts is a public client (PKCE only). Secret: `{file: path}` or `{env: NAME}`.',
  ).optional(),
  privateKey: z
    .string({ error: ({ input }) => (input === undefined ? undefined : REFERENCE) })
    .min(1, 'is empty')
    .optional()
    .meta({
      title: 'private key',
      description:
        'Private key to authenticate with instead of a client secret (`private_key_jwt`): PEM (PKCS#8, PKCS#1, SEC1) or a private JWK. Register the public key at the issuer. Secret: `{file: path}` or `{env: NAME}`.',
    }),
  keyId: line(256, 'Name (`kid`) of `privateKey` at the issuer. Default: the `kid` of the JWK.')
    .optional()
    .meta({ title: 'text' }),
  algorithm: z
    .enum(ALGORITHMS, { error: `write one of ${ALGORITHMS.join(', ')}` })
    .optional()
    .meta({
      description:
        'Signature algorithm of `privateKey`. Default: the `alg` of the JWK, or RS256 for RSA keys, or the algorithm of the curve.',
    }),
  redirectPath: z
    .string()
    .regex(
      /^\/login\/callback(?:\/[A-Za-z0-9_-]{1,64})?$/,
      'is neither /login/callback nor /login/callback/NAME, a name of letters, digits, - and _',
    )
    .prefault('/login/callback')
    .meta({
      title: 'text',
      description:
        'Path that the issuer redirects people to after they sign in. Register `publicUrl` followed by this path as the redirect URI. Each login needs its own path, such as `/login/callback/NAME`, so that no issuer can receive the codes of another.',
    }),
  scopes: oneOrMore(scope, 'scope')
    .prefault(['openid', 'profile', 'email'])
    .meta({ description: 'Scopes to request. `openid` is always included.' }),
  title: line(60, 'Name on the sign-in page. Default: the name of the issuer entry.').optional(),
  session: duration('How long a person stays signed in.', {
    min: 5 * MINUTE,
    max: 30 * DAY,
  }).prefault('8h'),
});

const REFERENCE = 'write {file: path} or {env: NAME}: the key as PEM, or a private JWK as JSON';

export type LoginSettings = z.output<typeof loginSchema>;
