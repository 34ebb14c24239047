import { z } from 'zod';

const BYTES = 32;
const RULE = `is not ${BYTES} bytes in base64: make one with openssl rand -base64 32`;

const sealingKey = z
  .string()
  .transform((text, ctx): Buffer => {
    const key = decoded(text.trim());
    if (key) return key;
    // Never quotes the text: it may be a key with a character missing.
    ctx.addIssue({ code: 'custom', message: RULE });
    return z.NEVER;
  })
  .meta({ title: 'key' });

/** Base64 with or without padding, base64url, or hexadecimal. Node ignores other characters, so the alphabet and the length are checked. */
function decoded(text: string): Buffer | undefined {
  if (/^[\da-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (!/^(?:[A-Za-z\d+/]{43}=?|[A-Za-z\d_-]{43}=?)$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length === BYTES ? key : undefined;
}

/** One key or several, as bytes. */
export const sealingKeySchema = z
  .union([sealingKey, z.array(sealingKey).min(1, 'is empty: give at least one key')], {
    error: ({ input }) => {
      if (input === undefined) return undefined;
      return typeof input === 'string' ? RULE : 'write one key or a list of them';
    },
  })
  .transform((keys): readonly Buffer[] => (Array.isArray(keys) ? keys : [keys]))
  .optional()
  .meta({
    description:
      'Encrypts stored signing keys and the sessions of people who sign in: 32 random bytes in base64 (`openssl rand -base64 32`), the same for all processes that share a store. To change the key, write a list: the first key encrypts, all of them decrypt. Required for managed accounts and logins. Secret: `{file: path}` or `{env: NAME}`.',
  });
