import { z } from 'zod';
import { isNetwork } from '../loopback.ts';
import { matchSchema } from './binding.ts';
import {
  duration,
  flag,
  integer,
  NAME,
  NAME_RULE,
  oneOrMore,
  path,
  size,
  text,
} from './scalars.ts';

/** An http(s) URL without anything that does not belong into a base address; a slash at its end is dropped. */
const baseUrl = z
  .string()
  .refine(isBaseUrl, 'is not a URL such as https://sts.example.com: no user, query or fragment')
  .transform((url) => url.replace(/\/+$/, ''))
  .meta({ title: 'URL' });

function isBaseUrl(url: string): boolean {
  if (!/^https?:\/\/[^\s\\?#@]+$/.test(url)) return false;
  return URL.canParse(url);
}

const NATS_SCHEMES = new Set(['nats:', 'tls:', 'ws:', 'wss:']);

const natsUrl = z
  .string()
  .refine(
    isNatsUrl,
    'is not a NATS URL such as nats://127.0.0.1:4222 or wss://nats.example.com, without user and password',
  )
  .meta({ title: 'NATS URL' });

function isNatsUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return (
    url !== undefined &&
    NATS_SCHEMES.has(url.protocol) &&
    url.hostname !== '' &&
    url.username === '' &&
    url.password === ''
  );
}

const network = z
  .string()
  .refine(isNetwork, 'is not an IP address or network such as 10.0.0.0/8')
  .meta({ title: 'network' });

export const listenSchema = z
  .strictObject({
    host: text(
      'Address to listen on. Beyond loopback, `tls` or `behindProxy` must be set.',
    ).prefault('127.0.0.1'),
    port: integer({ min: 0, max: 65_535 }, 'TCP port; 0 takes any free one.').prefault(8080),
    tls: z
      .strictObject({
        cert: path('PEM file with the certificate and its chain; read again when it changes.'),
        key: path('PEM file with the private key; read again when it changes.'),
      })
      .optional()
      .meta({ description: 'Serve HTTPS.' }),
    behindProxy: oneOrMore(network, 'address or network').optional().meta({
      description:
        'TLS ends at a proxy before this service: addresses or networks of the proxies whose `X-Forwarded-For` is believed.',
    }),
  })
  .prefault({})
  .meta({ description: 'Where the service listens.' });

export const publicUrlSchema = baseUrl.optional().meta({
  description: 'Where callers reach the service. Left out: made from `listen`.',
});

export const natsSchema = z
  .strictObject({
    servers: oneOrMore(natsUrl, 'URL')
      .prefault(['nats://127.0.0.1:4222'])
      .meta({ description: 'NATS URLs that the credentials are for; callers are told them.' }),
    maxControlLine: size(
      "The servers' `max_control_line`: what a client sends when it connects must fit.",
      { min: 512, max: 64 * 1024 * 1024 },
    ).prefault('4KiB'),
    system: z
      .strictObject({ creds: path('Credentials file of a user of the system account.') })
      .optional()
      .meta({ description: 'For managed accounts. Has no effect in this version.' }),
    operatorSigningKey: text('For managed accounts. Has no effect in this version.').optional(),
  })
  .prefault({})
  .meta({ description: 'The NATS servers behind this service.' });

export const storeSchema = z
  .strictObject({
    sqlite: path('SQLite file of the audit log and of the memory of used tokens.').optional(),
    jetstream: z
      .strictObject({ bucket: text('Name of the key-value bucket.') })
      .optional()
      .meta({ description: 'Not available in this version.' }),
  })
  .prefault({})
  .meta({ description: 'Where state is kept. Left out: `sqlite: ./data/sts.db`.' });

export const auditSchema = z
  .strictObject({
    survive: z
      .enum(['process-crash', 'power-loss'], { error: 'write process-crash or power-loss' })
      .prefault('process-crash')
      .meta({
        description:
          'What a record must survive before anything is signed: the death of the process, or of the machine (slower: one disk flush per commit).',
      }),
    retention: duration('How long records are kept.', { min: 3600 }).prefault('400d'),
  })
  .prefault({})
  .meta({ description: 'The audit log.' });

const rate = (max: number, description: string) =>
  z
    .strictObject({
      max: integer({ min: 1, max: 1_000_000_000 }, 'Requests.').prefault(max),
      every: duration('Length of the window.').prefault('1m'),
    })
    .prefault({})
    .meta({ description });

export const rateLimitSchema = z
  .strictObject({
    enabled: flag('Whether to limit at all.').prefault(true),
    perAddress: rate(600, 'Requests of one address.'),
    perIdentity: rate(60, 'Requests of one identity.'),
  })
  .prefault({})
  .meta({ description: 'How often callers may ask; beyond that they get 429 with `Retry-After`.' });

export const limitsSchema = z
  .strictObject({
    body: size('Largest request body.', { min: 1024, max: 16 * 1024 * 1024 }).prefault('64KiB'),
    token: size('Largest subject token.', { min: 512, max: 1024 * 1024 }).prefault('16KiB'),
    concurrency: integer(
      { min: 1, max: 1_000_000 },
      'Exchanges in progress at once; beyond that callers get 503 with `Retry-After`. Ten times as many connections may be open, a quarter of them (at least 32) by one address unless `listen.behindProxy` is set.',
    ).prefault(1000),
    request: duration('Time one request may take.', { max: 600 }).prefault('10s'),
    drain: duration('How long a stop waits for requests in progress.', { max: 3600 }).prefault(
      '10s',
    ),
  })
  .prefault({})
  .meta({ description: 'Limits on what a stranger controls.' });

export const contactSchema = text(
  'Whom a refused person should ask: a name, an address, a URL. Shown with denials.',
)
  .max(200, 'is longer than 200 characters')
  .optional();

export const sealingKeySchema = text(
  'Seals signing keys at rest. Has no effect in this version.',
).optional();

export const adminSchema = z
  .array(
    z.strictObject({
      issuer: z.string().regex(NAME, NAME_RULE).meta({ description: 'Key under `issuers`.' }),
      match: matchSchema,
    }),
  )
  .optional()
  .meta({ description: 'Identities that may administer. Has no effect in this version.' });
