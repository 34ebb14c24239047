import { z } from 'zod';
import { flag, integer, size } from './scalars.ts';

/** Servers hold these in 32 bits. */
const MOST = 2_147_483_647;

/** A number, 0 for none and -1 for no limit, as nsc and account JWTs have them. */
function count(description: string) {
  return integer({ min: -1, max: MOST }, description).optional();
}

/** Bytes with their unit; 0 for none and -1 for no limit. */
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
    conn: count('Client connections. 0 lets no client in.'),
    leaf: count('Leaf node connections.'),
    subs: count('Subscriptions of one connection.'),
    payload: bytes('Largest message.'),
    data: bytes('Bytes in all.'),
    imports: count('Imports of the account.'),
    exports: count('Exports of the account.'),
    wildcards: flag('Whether exports may hold wildcards.').optional(),
    disallowBearer: flag('Whether bearer tokens are refused.').optional(),
  })
  .meta({
    description:
      'Managed accounts: limits of the account, written into its JWT. -1: no limit. Limits that are left out stay as others set them.',
  });

const storage = {
  memory: bytes('Bytes in memory, of all streams. 0 turns it off.'),
  disk: bytes('Bytes on disk, of all streams. 0 turns it off.'),
  streams: count('Streams.'),
  consumers: count('Consumers.'),
  maxAckPending: count('Unacknowledged messages of one consumer.'),
  memoryMaxStreamBytes: bytes('Largest stream in memory.'),
  diskMaxStreamBytes: bytes('Largest stream on disk.'),
  maxBytesRequired: flag('Whether every stream must have a size.').optional(),
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
          'The same for streams of so many replicas, `R1`, `R3`; instead of limits for all streams.',
      }),
  })
  .refine(
    ({ tiers, ...flat }) => tiers === undefined || Object.keys(flat).length === 0,
    'holds limits for all streams and tiers: NATS takes one of the two, so write all limits under tiers, or none',
  )
  .meta({
    description:
      'Managed accounts: JetStream limits of the account, written into its JWT. Left out: what others set. An account has JetStream once `memory` or `disk` is not 0, on servers that have it.',
  });

export type AccountLimitsSettings = z.output<typeof accountLimitsSchema>;
export type AccountJetStreamSettings = z.output<typeof accountJetStreamSchema>;
