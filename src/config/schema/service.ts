import { z } from 'zod';
import { isNetwork } from '../addresses.ts';
import { duration, flag, integer, line, oneOrMore, path, size, text } from './scalars.ts';

/** An http(s) URL without user, query, or fragment; a trailing slash is removed. */
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
      'Address to listen on. Any address other than loopback requires `tls` or `behindProxy`.',
    ).prefault('127.0.0.1'),
    port: integer({ min: 0, max: 65_535 }, 'TCP port. 0 selects any free port.').prefault(8080),
    tls: z
      .strictObject({
        cert: path('PEM file with the certificate and its chain. Reloaded when it changes.'),
        key: path('PEM file with the private key. Reloaded when it changes.'),
      })
      .optional()
      .meta({ description: 'Serve HTTPS.' }),
    behindProxy: oneOrMore(network, 'address or network').optional().meta({
      description:
        'Addresses or networks of the proxies that terminate TLS in front of this service. nats-sts trusts `X-Forwarded-For` only from these.',
    }),
  })
  .prefault({})
  .meta({ description: 'Where the service listens.' });

export const publicUrlSchema = baseUrl.optional().meta({
  description: 'URL at which callers reach the service. Default: derived from `listen`.',
});

export const auditSchema = z
  .strictObject({
    survive: z
      .enum(['process-crash', 'power-loss'], { error: 'write process-crash or power-loss' })
      .prefault('process-crash')
      .meta({
        description:
          'What an audit record must survive before nats-sts signs anything: a crash of the process, or a power loss (slower: one disk flush per commit).',
      }),
    retention: duration('How long to keep records.', { min: 3600 }).prefault('400d'),
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
    enabled: flag('Whether rate limits apply.').prefault(true),
    perAddress: rate(600, 'Limit for one address.'),
    perIdentity: rate(60, 'Limit for one identity.'),
  })
  .prefault({})
  .meta({ description: 'Rate limits. Callers beyond a limit get 429 with `Retry-After`.' });

export const limitsSchema = z
  .strictObject({
    body: size('Largest request body.', { min: 1024, max: 16 * 1024 * 1024 }).prefault('64KiB'),
    token: size('Largest subject token.', { min: 512, max: 1024 * 1024 }).prefault('16KiB'),
    concurrency: integer(
      { min: 1, max: 1_000_000 },
      'Maximum number of exchanges in progress. Beyond it, callers get 503 with `Retry-After`. Exchanges that wait for the keys of an issuer do not count; a quarter of this number (at least 10) may wait for each issuer. Ten times this number of connections may be open, or as many as the open file limit allows. One network may have a quarter of them (at least 32), unless `listen.behindProxy` is set.',
    ).prefault(1000),
    request: duration('Maximum time for one request.', { max: 600 }).prefault('10s'),
    stopDelay: duration(
      'When the service stops, how long it still accepts connections while `/readyz` already fails. Set it to the time that your load balancers need to notice.',
      { min: 0, max: 3600 },
    ).prefault('0s'),
    drain: duration('How long the service then waits for requests in progress.', {
      max: 3600,
    }).prefault('10s'),
  })
  .prefault({})
  .meta({ description: 'Limits on requests, which anyone can send.' });

export const workersSchema = z
  .union([z.literal('auto'), integer({ min: 1, max: 128 }, '')], {
    error: 'is not a number of workers: write a whole number from 1 to 128, or auto',
  })
  .prefault(1)
  .meta({
    title: 'auto or integer',
    description:
      'How many processes answer callers on the one port: `auto` means one for each core that the process may use. With 1, the process itself answers. With more, it keeps the store, rotates keys, and counts rate limits for all; every limit in this file holds for all workers together.',
  });

export const contactSchema = text(
  'Whom to contact after a denial: a name, an address, or a URL. Shown with denials.',
)
  .max(200, 'is longer than 200 characters')
  .optional();

export const brandingSchema = z
  .strictObject({
    name: line(60, 'Name of the service in headings and titles.').prefault('nats-sts'),
    logo: path(
      'Logo next to the name: SVG, PNG, WebP, or JPEG, 256 KiB at most. Reloaded when it changes.',
    ).optional(),
  })
  .prefault({})
  .meta({ description: 'Name and logo on web pages.' });
