import { z } from 'zod';
import { NAME } from '../../config/schema/scalars.ts';

/** The part of the answers of the OAuth endpoints that the command line reads. Durations are in seconds. */

const word = z.string().min(1).max(1000);
const seconds = z.int().nonnegative().max(100_000_000);
/** Sent in forms and written to files: printable, without spaces. */
const secret = z
  .string()
  .max(100_000)
  .regex(/^[\x21-\x7e]+$/);
const role = z.string().regex(NAME);

/** RFC 8414 §2. */
export const METADATA = z.looseObject({
  issuer: word,
  /** Absent: the service has no login. */
  authorization_endpoint: word.optional(),
  device_authorization_endpoint: word.optional(),
});

const PERSON = z.looseObject({
  issuer: word,
  subject: word,
  name: word.optional(),
});

/** RFC 6749 §5.1, with members of our own. */
export const HANDED_OVER = z.looseObject({
  /** User JWT. */
  access_token: secret.regex(/^[\w-]+\.[\w-]+\.[\w-]+$/),
  expires_in: seconds,
  /** Present if the credential ends sooner than requested. */
  ttl_capped_by: word.optional(),
  /** Present while a change of the role is not in force yet. */
  new_permissions_in: seconds.optional(),
  /** The role. */
  scope: role,
  /** Public key. */
  account: word,
  /** Absent in older versions of the service. */
  account_name: word.optional(),
  servers: z.array(word).max(100),
  /** Present if the client must use it to get replies to its requests; contains no wildcards. */
  inbox_prefix: z
    .string()
    .regex(/^[^\s*>]{1,1000}$/)
    .optional(),
  refresh_token: secret,
  refresh_token_expires_in: seconds,
  identity: PERSON,
});

/** RFC 8628 §3.2. */
export const DEVICE = z.looseObject({
  device_code: secret,
  user_code: z.string().regex(/^[\w-]{1,30}$/),
  verification_uri: word,
  verification_uri_complete: word.optional(),
  expires_in: seconds,
  /** RFC 8628 §3.2: the default is 5. */
  interval: seconds.default(5),
});

/** RFC 7662 §2.2. */
export const INTROSPECTION = z.union([
  z.looseObject({
    active: z.literal(true),
    iss: word,
    sub: word,
    /** Unix seconds. */
    exp: z.number().positive().max(1e11),
    username: word.optional(),
    roles: z
      .array(z.looseObject({ role, account: word, max_ttl: seconds }))
      .max(10_000)
      .default([]),
  }),
  z.looseObject({ active: z.literal(false) }),
]);

/** RFC 7009 §2.2: only the status matters. */
export const ANYTHING = z.unknown();

export type Person = Readonly<z.infer<typeof PERSON>>;
export type HandedOver = z.infer<typeof HANDED_OVER>;
export type DeviceAnswer = z.infer<typeof DEVICE>;
export type Introspection = z.infer<typeof INTROSPECTION>;

/** The name of the account, else its public key. */
export function accountOf({ account, account_name = account }: HandedOver): string {
  return account_name;
}
