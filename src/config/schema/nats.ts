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

export const natsServers = oneOrMore(natsUrl, 'URL');

export const natsSchema = z
  .strictObject({
    servers: natsServers.prefault(['nats://127.0.0.1:4222']).meta({
      description:
        'NATS URLs that callers get with their credentials. nats-sts also uses them where it connects to NATS itself.',
    }),
    maxControlLine: size(
      "The servers' `max_control_line`. The CONNECT line of a client, with its credential, must fit.",
      { min: 512, max: 64 * 1024 * 1024 },
    ).prefault('4KiB'),
    system: z
      .strictObject({
        creds: path(
          'Credentials file of a system account user. It needs few permissions; `nats-sts init` creates such a user. Secret.',
        ),
      })
      .optional()
      .meta({
        description:
          'Access to the system account, used to publish the JWTs of managed accounts, to check which signing keys each server has, and to count connections.',
      }),
    operator: text(
      'JWT of the operator, `{file: ./operator.jwt}`. nats-sts updates only account JWTs that this operator signed. Default: nats-sts asks the servers which operators they trust.',
    ).optional(),
    operatorSigningKey: text(
      'Seed of an operator signing key, `SO…`, which signs the JWTs of managed accounts. Requires `nats.system`. Only the process that rotates keys needs it: if you run `nats-sts rotator`, leave it out of the configuration of `serve`. Secret: `{file: path}` or `{env: NAME}`.',
    ).optional(),
  })
  .prefault({})
  .meta({ description: 'The NATS servers behind this service.' });

const BUCKET = /^[A-Za-z0-9_-]{1,64}$/;

export const storeSchema = z
  .strictObject({
    sqlite: path(
      'SQLite file for the audit log and used tokens and, without `jetstream`, also for signing keys and revocations.',
    ).optional(),
    jetstream: z
      .strictObject({
        bucket: z
          .string()
          .regex(BUCKET, 'is not a valid bucket name: use letters, digits, - and _ (64 at most)')
          .meta({
            title: 'bucket',
            description:
              'Name of the key-value bucket, created if it does not exist. A second bucket, `<bucket>_credentials`, lists unexpired credentials.',
          }),
        servers: natsServers
          .optional()
          .meta({ description: 'NATS URLs of the bucket. Default: `nats.servers`.' }),
        creds: path(
          'Credentials file of a user that may use the bucket. Leave it out only if the servers require no credentials. Secret.',
        ).optional(),
        replicas: integer(
          { min: 1, max: 5 },
          'Copies of the bucket. With 3, it survives the loss of one server.',
        ).prefault(1),
      })
      .optional()
      .meta({
        description:
          'Stores signing keys, revocations, and the list of credentials in a JetStream key-value bucket that any number of processes share. Each process keeps its audit log in its own SQLite file.',
      }),
  })
  .prefault({})
  .meta({ description: 'Where state is stored. Default: `sqlite: ./data/sts.db`.' });
