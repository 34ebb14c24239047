import { z } from 'zod';

/**
 * Fields that several parts of the contract share. The contract is everything that `/admin` receives
 * and sends. From it come the TypeScript types, the JSON Schema with which the service validates and
 * serializes, `openapi.yaml`, and the reader of the command line.
 *
 * Schemas transform nothing and have no defaults, so the types hold for both sides. If you add a field
 * to an answer, make it optional: the command line may be newer than the service.
 */

export const moment = (description: string) =>
  z.int().describe(`${description} Unix seconds.`.trimStart());

export const momentOrNull = (description: string) =>
  z.int().nullable().describe(`${description} Unix seconds.`);

export const count = (description: string) => z.int().min(0).describe(description);

export const name = (description: string) => z.string().min(1).max(1024).describe(description);

export const reason = z
  .string()
  .min(1)
  .max(500)
  .describe('Why, in your words. Goes into the audit log.');

export const accountKind = z.enum(['managed', 'external']);

export const SLOT = 'The role that the key signs for, or `*`: every role without a key of its own.';
export const ISSUER = 'Name of an issuer in the configuration, or its URL (`iss` of its tokens).';

/** The type of a schema's values, read-only and without unknown fields. */
export type Sent<Schema extends z.ZodType> = ReadOnly<z.infer<Schema>>;

type ReadOnly<T> = T extends readonly (infer Item)[]
  ? readonly ReadOnly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T as string extends Key ? never : Key]: ReadOnly<T[Key]> }
    : T;
