import { z } from 'zod';
import { count, ISSUER, moment, name, reason, type Sent } from './fields.ts';

/** Revocations: `GET` and `POST /admin/revocations`, `DELETE /admin/revocations/{id}`. */

/** Null counts as absent. */
const optional = (schema: z.ZodString) => schema.nullable().exactOptional();

/** Exactly one of the four: one that is narrowed in a way that a reader does not know must not look wider to it. */
const target = z
  .union([
    z.strictObject({
      issuer: z.string().describe('Name of the issuer in the configuration.'),
      subject: z.string(),
    }),
    z.strictObject({ nkey: z.string() }),
    z.strictObject({ role: z.string() }),
    z.strictObject({ binding: z.string() }),
  ])
  .describe('`issuer` and `subject`, or `nkey`, or `role`, or `binding`.');

export const revokeBody = z
  .strictObject({
    issuer: optional(name(ISSUER)),
    subject: optional(
      name('Its subject. Also matches credentials for which this identity was the actor.'),
    ),
    nkey: optional(z.string().describe("A user's public nkey, `U…`.")),
    role: optional(name('Name of a role.')),
    binding: optional(name('Name of a binding.')),
    reason,
    block: z
      .boolean()
      .describe(
        'True: deny until lifted. False: deny tokens issued until five seconds from now; the policy decides about later ones.',
      )
      .exactOptional(),
    dry_run: z
      .boolean()
      .describe('Change nothing; answer with what would be revoked.')
      .exactOptional(),
  })
  .describe('Name `issuer` and `subject`, or one of `nkey`, `role`, `binding`.');

export const revokeAnswer = z.object({
  id: z.string().describe('Absent in a dry run.').exactOptional(),
  target,
  block: z.boolean(),
  at: moment('Tokens issued then or before are denied.'),
  credentials: count('Credentials alive that it applies to.'),
  credentials_not_cut: count(
    'Of those, how many work until they expire: nats-sts cannot publish the JWT of their (external) account.',
  ),
  sessions: z
    .int()
    .nullable()
    .describe('Live connections that it disconnects; null if they are not known.'),
});

export const revocationsAnswer = z.object({
  revocations: z
    .array(
      z.object({
        id: z.string(),
        target,
        reason: z.string(),
        block: z.boolean(),
        at: moment(''),
        until: moment('When it ends by itself, unless it blocks.'),
        by: z.object({ issuer: z.string(), subject: z.string() }),
        credentials: count('Users that account JWTs revoke for it.'),
      }),
    )
    .describe('The latest first.'),
});

export const revocationParams = z.object({ id: z.string().min(1).max(64) });

export type RevocationTarget = Sent<typeof target>;
export type RevokeBody = Sent<typeof revokeBody>;
export type RevokeAnswer = Sent<typeof revokeAnswer>;
export type RevocationParams = Sent<typeof revocationParams>;
export type RevocationsAnswer = Sent<typeof revocationsAnswer>;
