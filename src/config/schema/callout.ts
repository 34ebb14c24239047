import { z } from 'zod';
import { duration, NAME, NAME_RULE, oneOrMore, path, text } from './scalars.ts';
import { natsServers } from './nats.ts';

/** One way to log in; the others stay undefined. */
const login = z
  .strictObject({
    creds: path('Credentials file of the user. Secret.').optional(),
    nkey: text(
      'Seed of the user, `SU…` (`nk -gen user`). Secret: `{file: path}` or `{env: NAME}`.',
    ).optional(),
    user: text('Name of the user. Requires `password`.').optional(),
    password: text('Password of the user. Secret: `{file: path}` or `{env: NAME}`.').optional(),
  })
  .refine(
    ({ creds, nkey, user, password }) =>
      [creds, nkey, user].filter((way) => way !== undefined).length === 1 &&
      (user === undefined) === (password === undefined),
    'give one of creds, nkey, or user with password',
  );

export type LoginSettings = z.output<typeof login>;

export const calloutSchema = z
  .strictObject({
    account: z.string().regex(NAME, NAME_RULE).optional().meta({
      title: 'name',
      description:
        'Account (under `accounts`) whose JWT delegates logins to nats-sts (`authorization`). For servers that trust an operator. If the account is managed, nats-sts writes `authorization` into its JWT.',
    }),
    issuer: text(
      'Seed of the account key, `SA…`, whose public key is `auth_callout.issuer` in nats-server.conf. For servers without an operator; `accounts` then have no `publicKey`. Secret: `{file: path}` or `{env: NAME}`.',
    ).optional(),
    connect: login.meta({
      description:
        'How nats-sts itself logs in: a user that `auth_users` lists. For a managed account, give an `nkey`: nats-sts lists it, and makes its JWT. For other accounts of an operator, give `creds`. Without an operator, give `nkey`, or `user` and `password`.',
    }),
    servers: natsServers
      .optional()
      .meta({ description: 'NATS URLs that nats-sts connects to. Default: `nats.servers`.' }),
    xkey: oneOrMore(text('Seed of an xkey, `SX…` (`nk -gen curve`).'), 'seed').optional().meta({
      description:
        'Encrypts the requests of the servers, which contain the tokens: the seed of the key that `xkey` names in the JWT of the account or in nats-server.conf. To change it, write a list: servers use the first, all of them decrypt. Secret: `{file: path}` or `{env: NAME}`.',
    }),
    userName: z.enum(['role', 'any'], { error: 'write role or any' }).prefault('role').meta({
      description:
        'What the user name of a client means. With `role`, it is the role that the client asks for. With `any`, it means nothing unless it begins with `role:`.',
    }),
    deadline: duration(
      'Time within which nats-sts answers each request. Servers wait two seconds, and some clients fail earlier.',
      { max: 2 },
    ).prefault('1s'),
  })
  .refine(({ account, issuer }) => (account === undefined) !== (issuer === undefined), {
    path: [],
    error:
      'needs either account (servers that trust an operator) or issuer (auth_callout in nats-server.conf)',
  })
  .optional()
  .meta({
    description:
      'Auth callout: clients present their tokens to NATS itself, and the servers ask nats-sts. See docs/callout.md.',
  });
