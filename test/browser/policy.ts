import type { ConfigTree } from '../support/service-world.ts';

/** Whom the providers' tokens are for, and what nats-sts calls itself there. */
export const AUDIENCE = 'nats-sts';
export const CLIENT_ID = 'nats-sts-pages';

/** Whom a denied person is told to ask. */
export const CONTACT = 'platform-team@acme.example';

/** In the orders team: may publish and read the orders of her region. */
export const ADA = {
  id: 'ada',
  name: 'Ada Lovelace',
  claims: { team: 'orders', region: 'eu', email: 'ada@acme.example', email_verified: true },
} as const;

/** In a team that the policy gives nothing. */
export const BEN = {
  id: 'ben',
  name: 'Ben Bitdiddle',
  claims: { team: 'sales', region: 'eu', email: 'ben@acme.example', email_verified: true },
} as const;

/** An operator: the console is open to her. */
export const OLGA = {
  id: 'olga',
  name: 'Olga Operator',
  claims: { team: 'platform', region: 'eu', email: 'olga@acme.example', email_verified: true },
} as const;

/** Of another company, with an identity provider of its own. */
export const PAT = {
  id: 'pat',
  name: 'Pat Partner',
  claims: { team: 'couriers', region: 'eu' },
} as const;

/** The part of the configuration that is about people. */
export function policy(withPartners: boolean): ConfigTree {
  return {
    branding: { name: 'Acme Messaging' },
    roles: {
      'orders-publisher': {
        account: 'APP',
        publish: { allow: ['orders.{{claims.region}}.>'] },
        subscribe: { allow: ['_INBOX.>'] },
        maxTtl: '15m',
      },
      'orders-reader': {
        account: 'APP',
        subscribe: { allow: ['orders.{{claims.region}}.>', '_INBOX.>'] },
        maxTtl: '8h',
      },
      monitor: {
        account: 'APP',
        publish: { allow: ['health.ping'] },
        subscribe: { allow: ['health.*', '_INBOX.>'] },
        maxTtl: '1h',
      },
    },
    bindings: [
      {
        name: 'the orders team',
        issuer: 'acme',
        match: { team: 'orders', region: ['eu', 'us'] },
        roles: ['orders-publisher', 'orders-reader'],
      },
      {
        name: 'the platform team',
        issuer: 'acme',
        match: { team: 'platform' },
        roles: ['monitor'],
      },
      ...(withPartners
        ? [
            {
              name: 'couriers',
              issuer: 'partners',
              match: { team: 'couriers' },
              roles: ['orders-reader'],
            },
          ]
        : []),
    ],
    admin: [{ issuer: 'acme', match: { team: 'platform' } }],
    rateLimit: { enabled: false },
  };
}
