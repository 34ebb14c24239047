import { z } from 'zod';
import { isNetwork } from '../addresses.ts';
import { duration, flag, integer, line, oneOrMore, path, size, text } from './scalars.ts';

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
      'Exchanges in progress at once; beyond that callers get 503 with `Retry-After`. Those that wait for the keys of an issuer are not counted: of each issuer a quarter as many (at least 10) may wait. Ten times as many connections may be open, or as many as the limit of open files allows; a quarter of them (at least 32) by one network unless `listen.behindProxy` is set.',
    ).prefault(1000),
    request: duration('Time one request may take.', { max: 600 }).prefault('10s'),
    stopDelay: duration(
      'How long a stop still accepts connections while `/readyz` already says no: as long as load balancers need to notice.',
      { min: 0, max: 3600 },
    ).prefault('0s'),
    drain: duration('How long a stop then waits for requests in progress.', {
      max: 3600,
    }).prefault('10s'),
  })
  .prefault({})
  .meta({ description: 'Limits on what a stranger controls.' });

export const contactSchema = text(
  'Whom a refused person should ask: a name, an address, a URL. Shown with denials.',
)
  .max(200, 'is longer than 200 characters')
  .optional();

export const brandingSchema = z
  .strictObject({
    name: line(60, 'Name of the service, in headings and titles.').prefault('nats-sts'),
    logo: path(
      'Image beside it: SVG, PNG, WebP or JPEG, at most 256 KiB. Read again when it changes.',
    ).optional(),
  })
  .prefault({})
  .meta({ description: 'How the pages for people present themselves.' });
