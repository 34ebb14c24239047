import { z } from 'zod';

const BYTES = 32;
const RULE = `is not ${BYTES} bytes in base64: make one with openssl rand -base64 32`;

const sealingKey = z
  .string()
  .transform((text, ctx): Buffer => {
    const key = decoded(text.trim());
    if (key) return key;
    // Never with the text itself: it may be a key with one character too few.
    ctx.addIssue({ code: 'custom', message: RULE });
    return z.NEVER;
  })
  .meta({ title: 'key' });

/** Base64 with or without padding, base64url, or hexadecimal. Node forgives other characters; a length of 32 and the alphabet don't. */
function decoded(text: string): Buffer | undefined {
  if (/^[\da-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (!/^(?:[A-Za-z\d+/]{43}=?|[A-Za-z\d_-]{43}=?)$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length === BYTES ? key : undefined;
}

/** One key or several, as bytes. */
export const sealingKeySchema = z
  .union([sealingKey, z.array(sealingKey).min(1, 'give at least one key')], {
    error: ({ input }) => {
      if (input === undefined) return undefined;
      return typeof input === 'string' ? RULE : 'write one key or a list of them';
    },
  })
  .transform((keys): readonly Buffer[] => (Array.isArray(keys) ? keys : [keys]))
  .optional()
  .meta({
    description:
      'Seals signing keys at rest, and the sessions of people who sign in: 32 random bytes in base64 (`openssl rand -base64 32`), the same for all processes that share a store. A list for changing it: the first seals, all open. Managed accounts and logins need it. Secret: `{file: path}` or `{env: NAME}`.',
  });
