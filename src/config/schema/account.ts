import { z } from 'zod';
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

export const accountSchema = z
  .strictObject({
    publicKey: text('Public key of the account, `A…`.'),
    signingKeys: z.array(signingKey).min(1, 'give at least one signing key').optional().meta({
      description:
        'Seeds of account signing keys that the account JWT lists (`nsc edit account --sk generate`). The first one that fits a role signs for it. Each is `{file: path}` or `{env: NAME}`; or `{seed: {file: path}, role: name}` for a key that the account JWT ties to one role (a scoped signing key).',
    }),
    rotation: z
      .strictObject({ every: duration('Time between rotations.', { min: 60 }) })
      .optional()
      .meta({ description: 'For managed accounts. Has no effect in this version.' }),
  })
  .meta({ description: 'A NATS account that credentials are issued in.' });

export type AccountSettings = z.output<typeof accountSchema>;
