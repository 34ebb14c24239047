import { z } from 'zod';
import { ISSUER, moment, name, type Sent } from './fields.ts';

/** Credentials that have not expired: `GET /admin/credentials`. */

export const credentialsQuery = z.strictObject({
  issuer: name(ISSUER).exactOptional(),
  subject: name('Subject of the identity.').exactOptional(),
  role: name('Name of a role.').exactOptional(),
  binding: name('Name of a binding.').exactOptional(),
  account: name('Name of an account.').exactOptional(),
  user: name('Public user nkey, `U…`.').exactOptional(),
  limit: z
    .string()
    .regex(/^(?:[1-9][0-9]{0,2}|1000)$/)
    .describe('1 to 1000; 100 if absent.')
    .exactOptional(),
  cursor: name('`next` of the previous answer.').exactOptional(),
});

const credential = z.object({
  user: z.string().describe("The user's public nkey, `U…`."),
  account: z.string().describe('Name of the account.'),
  role: z.string(),
  binding: z.string(),
  issuer: z.string().describe('Name of the issuer in the configuration.'),
  subject: z.string(),
  actor: z
    .object({ issuer: z.string(), subject: z.string() })
    .nullable()
    .describe('Who acted for the subject.'),
  signing_key: z.string().describe('The key that signed, `A…`.'),
  issued_at: moment(''),
  expires_at: moment(''),
});

export const credentialsAnswer = z.object({
  credentials: z.array(credential).describe('Those that have not expired, the oldest first.'),
  next: z.string().nullable().describe('`cursor` for the next page; null: this is the last.'),
});

export type CredentialsQuery = Sent<typeof credentialsQuery>;
export type CredentialsAnswer = Sent<typeof credentialsAnswer>;
