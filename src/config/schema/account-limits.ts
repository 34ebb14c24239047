import { z } from 'zod';
import { flag, integer, size } from './scalars.ts';

/** Servers store these in 32 bits. */
const MOST = 2_147_483_647;

/** A number; 0 means none and -1 no limit, as in nsc and account JWTs. */
function count(description: string) {
  return integer({ min: -1, max: MOST }, description).optional();
}

/** Bytes with a unit; 0 means none and -1 no limit. */
function bytes(description: string) {
  return z
    .union([z.literal(-1), z.literal(0), size('')], {
      error: 'is not a size: write 64KiB or 10MB, or -1 for no limit',
    })
    .meta({ title: 'size', description })
    .optional();
}

export const accountLimitsSchema = z
  .strictObject({
    conn: count('Client connections. 0 allows none.'),
    leaf: count('Leaf node connections.'),
    subs: count('Subscriptions of one connection.'),
    payload: bytes('Largest message.'),
    data: bytes('Bytes in all.'),
    imports: count('Imports of the account.'),
    exports: count('Exports of the account.'),
    wildcards: flag('Whether exports may contain wildcards.').optional(),
    disallowBearer: flag('Whether bearer tokens are rejected.').optional(),
  })
  .meta({
    description:
      'Limits of a managed account, written into its JWT. `-1` means no limit. nats-sts does not change limits that you leave out.',
  });

const storage = {
  memory: bytes('Memory for all streams together. 0 disables memory storage.'),
  disk: bytes('Disk space for all streams together. 0 disables file storage.'),
  streams: count('Streams.'),
  consumers: count('Consumers.'),
  maxAckPending: count('Unacknowledged messages of one consumer.'),
  memoryMaxStreamBytes: bytes('Largest stream in memory.'),
  diskMaxStreamBytes: bytes('Largest stream on disk.'),
  maxBytesRequired: flag('Whether every stream must set a maximum size.').optional(),
};

export const accountJetStreamSchema = z
  .strictObject({
    ...storage,
    tiers: z
      .partialRecord(
        z.enum(['R1', 'R2', 'R3', 'R4', 'R5'], { error: 'write a number of replicas, R1 to R5' }),
        z.strictObject(storage),
      )
      .optional()
      .meta({
        description:
          'Separate limits by number of replicas (`R1`, `R3`), instead of one set for all streams.',
      }),
  })
  .refine(
    ({ tiers, ...flat }) => tiers === undefined || Object.keys(flat).length === 0,
    'has limits both for all streams and under tiers, and NATS accepts only one: write all limits under tiers, or none',
  )
  .meta({
    description:
      'JetStream limits of a managed account, written into its JWT. nats-sts does not change limits that you leave out. JetStream is enabled for the account when `memory` or `disk` is not 0, on servers that support it.',
  });

export type AccountLimitsSettings = z.output<typeof accountLimitsSchema>;
export type AccountJetStreamSettings = z.output<typeof accountJetStreamSchema>;
