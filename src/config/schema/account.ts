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
          description: 'Role that the account JWT ties this key to (a scoped signing key).',
        }),
      }),
    ],
    { error: 'write {file: path}, {env: NAME}, or {seed: {file: path}, role: name}' },
  )
  .meta({ title: 'signing key' });

const rotation = z.strictObject({
  every: duration(
    'Time between rotations. Left out: 30d for managed accounts; for others, only when it is asked for.',
  ).optional(),
  grace: duration(
    'How long a process that lost sight of the store goes on signing; a key that stopped signing stays trusted as much longer.',
    { max: 86_400 },
  ).prefault('5m'),
  onChange: z.enum(['drain', 'cut'], { error: 'write drain or cut' }).prefault('drain').meta({
    description:
      "When a role's permissions change: `drain` leaves credentials with the old ones alive until they expire, `cut` ends their connections as soon as the new key signs.",
  }),
});

/** What an empty `rotation: {}` means. */
export const ROTATION_DEFAULTS = rotation.parse({});

export const accountSchema = z
  .strictObject({
    publicKey: text('Public key of the account, `A…`.'),
    signingKeys: z.array(signingKey).min(1, 'give at least one signing key').optional().meta({
      description:
        'Makes the account external: seeds of account signing keys that its JWT lists (`nsc edit account --sk generate`). Left out: the account is managed, nats-sts makes its keys and publishes its JWT. The first one that fits a role signs for it. Each is `{file: path}` or `{env: NAME}`; or `{seed: {file: path}, role: name}` for a key that the account JWT ties to one role (a scoped signing key).',
    }),
    rotation: rotation.optional().meta({
      description:
        'Rotation of its signing keys. Managed accounts always rotate; with `signingKeys`, write it to rotate through them.',
    }),
    limits: accountLimitsSchema.optional(),
    jetstream: accountJetStreamSchema.optional(),
  })
  .meta({ description: 'A NATS account that credentials are issued in.' });

export type AccountSettings = z.output<typeof accountSchema>;
