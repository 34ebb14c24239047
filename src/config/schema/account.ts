import { z } from 'zod';
import { accountJetStreamSchema, accountLimitsSchema } from './account-limits.ts';
import { duration, NAME, NAME_RULE, text } from './scalars.ts';

const seed = text(
  'Seed of an account signing key, `SA…`. Secret: `{file: path}` or `{env: NAME}`.',
);

const signingKey = z
  .union(
    [
      seed.transform((seed) => ({ seed, role: undefined })),
      z.strictObject({
        seed,
        role: z.string().regex(NAME, NAME_RULE).optional().meta({
          title: 'name',
          description: 'Role that the account JWT restricts this key to (a scoped signing key).',
        }),
      }),
    ],
    { error: 'write {file: path}, {env: NAME}, or {seed: {file: path}, role: name}' },
  )
  .meta({ title: 'signing key' });

const rotation = z.strictObject({
  every: duration(
    'Time between rotations. Default: 30d for managed accounts; other accounts rotate only on request.',
  ).optional(),
  grace: duration(
    'How long a process keeps signing after it loses the store. A key that stopped signing stays trusted for this much longer.',
    { max: 86_400 },
  ).prefault('5m'),
  onChange: z.enum(['drain', 'cut'], { error: 'write drain or cut' }).prefault('drain').meta({
    description:
      "When a role's permissions change: with `drain`, credentials with the old permissions remain valid until they expire; with `cut`, they are revoked as soon as the new key signs.",
  }),
});

/** Defaults of `rotation: {}`. */
export const ROTATION_DEFAULTS = rotation.parse({});

export const accountSchema = z
  .strictObject({
    publicKey: text(
      'Public key of the account, `A…`. Required, except with `callout.issuer`.',
    ).optional(),
    name: text(
      'With `callout.issuer`: name of the account in nats-server.conf. Default: the name here.',
    ).optional(),
    signingKeys: z
      .array(signingKey)
      .min(1, 'is empty: give at least one signing key')
      .optional()
      .meta({
        description:
          'Seeds of account signing keys that the account JWT lists (`nsc edit account --sk generate`). They make the account external. Without them the account is managed: nats-sts creates its keys and publishes its JWT. For each role, the first key that may sign for it is used. Write each as `{file: path}` or `{env: NAME}`, or as `{seed: {file: path}, role: name}` if the account JWT restricts the key to one role (a scoped signing key).',
      }),
    rotation: rotation.optional().meta({
      description:
        'Rotation of signing keys. Managed accounts always rotate. An account with `signingKeys` rotates through them only if you set this.',
    }),
    limits: accountLimitsSchema.optional(),
    jetstream: accountJetStreamSchema.optional(),
  })
  .meta({ description: 'A NATS account in which nats-sts issues credentials.' });

export type AccountSettings = z.output<typeof accountSchema>;
