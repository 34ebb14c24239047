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

/** How people sign in at an issuer: its settings of nats-sts as a client. */
export const loginSchema = z.strictObject({
  clientId: z
    .string({ error: missing('write the client id that nats-sts has at the issuer') })
    // RFC 6749 appendix A.1
    .regex(/^[\x20-\x7e]{1,256}$/, 'is not a client id')
    .meta({ title: 'text', description: 'Client id at the issuer.' }),
  clientSecret: text(
    'Client secret. With neither this nor `privateKey` nats-sts is a public client (PKCE alone). Secret: `{file: path}` or `{env: NAME}`.',
  ).optional(),
  privateKey: z
    .string({ error: ({ input }) => (input === undefined ? undefined : REFERENCE) })
    .min(1, 'is empty')
    .optional()
    .meta({
      title: 'private key',
      description:
        'Instead of a client secret, the key that nats-sts proves itself with (`private_key_jwt`): PEM (PKCS#8, PKCS#1, SEC1) or a private JWK. The issuer has its public key. Secret: `{file: path}` or `{env: NAME}`.',
    }),
  keyId: line(256, 'Name (`kid`) of `privateKey` at the issuer. Left out: that of the JWK.')
    .optional()
    .meta({ title: 'text' }),
  algorithm: z
    .enum(ALGORITHMS, { error: `write one of ${ALGORITHMS.join(', ')}` })
    .optional()
    .meta({
      description:
        'Signature algorithm of `privateKey`. Left out: what the JWK says, else RS256, or what the curve of the key allows.',
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
        'Where the issuer sends people back to: `publicUrl` and this, registered there as the redirect URI. Each login needs one of its own, so that no issuer can get the codes of another; write `/login/callback/NAME`.',
    }),
  scopes: oneOrMore(scope, 'scope')
    .prefault(['openid', 'profile', 'email'])
    .meta({ description: 'Scopes to ask for; `openid` is always among them.' }),
  title: line(60, 'What the sign-in page calls it. Left out: its name here.').optional(),
  session: duration('How long a person stays signed in.', {
    min: 5 * MINUTE,
    max: 30 * DAY,
  }).prefault('8h'),
});

const REFERENCE = 'write {file: path} or {env: NAME}: the key as PEM, or a private JWK as JSON';

export type LoginSettings = z.output<typeof loginSchema>;
