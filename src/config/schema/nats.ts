import { z } from 'zod';
import { integer, oneOrMore, path, size, text } from './scalars.ts';

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

const servers = oneOrMore(natsUrl, 'URL');

export const natsSchema = z
  .strictObject({
    servers: servers.prefault(['nats://127.0.0.1:4222']).meta({
      description:
        'NATS URLs that the credentials are for; callers are told them. This service connects to them too, where it has to.',
    }),
    maxControlLine: size(
      "The servers' `max_control_line`: what a client sends when it connects must fit.",
      { min: 512, max: 64 * 1024 * 1024 },
    ).prefault('4KiB'),
    system: z
      .strictObject({
        creds: path(
          'Credentials file of a user of the system account. It needs few subjects: `nats-sts init` makes such a user. Secret.',
        ),
      })
      .optional()
      .meta({
        description:
          'Access to the system account: to publish the JWTs of managed accounts, to see which signing keys each server knows, and to count sessions.',
      }),
    operator: text(
      'JWT of the operator, `{file: ./operator.jwt}`: account JWTs of its keys alone are built upon. Left out: the servers are asked whom they trust.',
    ).optional(),
    operatorSigningKey: text(
      'Seed of an operator signing key, `SO…`: signs the JWTs of managed accounts. Needs `nats.system`. Only the process that rotates needs it: leave it out of `serve` where `nats-sts rotator` runs. Secret: `{file: path}` or `{env: NAME}`.',
    ).optional(),
  })
  .prefault({})
  .meta({ description: 'The NATS servers behind this service.' });

const BUCKET = /^[A-Za-z0-9_-]{1,64}$/;

export const storeSchema = z
  .strictObject({
    sqlite: path(
      'SQLite file of the audit log, of the memory of used tokens and, without `jetstream`, of signing keys and revocations.',
    ).optional(),
    jetstream: z
      .strictObject({
        bucket: z
          .string()
          .regex(BUCKET, 'is no name of a bucket: use letters, digits, - and _ (64 at most)')
          .meta({
            title: 'bucket',
            description:
              'Name of the key-value bucket; made when missing. Credentials that are alive are in a second one, `<bucket>_credentials`.',
          }),
        servers: servers
          .optional()
          .meta({ description: 'NATS URLs of the bucket. Left out: `nats.servers`.' }),
        creds: path(
          'Credentials file of a user that may use the bucket. Left out: the servers let anyone in. Secret.',
        ).optional(),
        replicas: integer(
          { min: 1, max: 5 },
          'Copies of the bucket; 3 outlive the loss of a server.',
        ).prefault(1),
      })
      .optional()
      .meta({
        description:
          'Keeps signing keys, revocations and the list of credentials in a JetStream key-value bucket, which any number of processes share. The audit log stays in the SQLite file of each.',
      }),
  })
  .prefault({})
  .meta({ description: 'Where state is kept. Left out: `sqlite: ./data/sts.db`.' });
