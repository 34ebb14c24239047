/** The clients and people of the demo's identity provider, and the claims in their tokens. */
export const ORDERS = {
  id: 'orders',
  secret: 'orders-secret',
  claims: { team: 'orders', region: 'eu' },
};
export const INVOICES = {
  id: 'invoices',
  secret: 'invoices-secret',
  claims: { team: 'billing', region: 'eu' },
};
/** An administrator of nats-sts. */
export const OPS = {
  id: 'ops',
  secret: 'ops-secret',
  claims: { team: 'platform', region: 'eu' },
};

/** In the orders team, like the orders service: the policy gives both the same role. */
export const ADA = {
  id: 'ada',
  name: 'Ada Lovelace',
  about: 'In the orders team: gets the role orders',
  claims: { team: 'orders', region: 'eu' },
};
/** Not in a team that gets a role. */
export const BEN = {
  id: 'ben',
  name: 'Ben Bitdiddle',
  about: 'In the sales team: has no role',
  claims: { team: 'sales', region: 'eu' },
};
/** An administrator who uses a browser. */
export const OLGA = {
  id: 'olga',
  name: 'Olga Operator',
  about: 'Operator: has no role, but may use the console',
  claims: { team: 'platform', region: 'eu' },
};

/** Everyone who can sign in. */
export const PEOPLE = [ADA, BEN, OLGA];

/** The audience of the provider's tokens. */
export const AUDIENCE = 'nats-sts';

/** The client that nats-sts is at the provider when people sign in. */
export const WEB_CLIENT = { id: 'nats-sts-pages', secret: 'nats-sts-pages-secret' };

/** The demo's configuration, as an operator would write it for the files from `nats-sts init`. */
export function demoConfig(paths: {
  readonly issuer: string;
  /** The port of nats-sts, where the provider sends people back. */
  readonly port: number;
  readonly natsUrl: string;
  /** Public key of the application account. */
  readonly account: string;
  /** `3s`, `7d` */
  readonly rotateEvery: string;
}): string {
  return `# The configuration of the demo's nats-sts. Edit and save it: the service reloads it at once.

listen: { host: 127.0.0.1, port: ${paths.port} }
nats:
  servers: ["${paths.natsUrl}"]
  # nats-sts uses these to publish the signing keys of the account.
  operator: { file: ./operator.jwt }
  operatorSigningKey: { file: ./keys/operator-signing.nk }
  system: { creds: ./keys/sts-system.creds }
store: { sqlite: ./data/sts.db }
sealingKey: { file: ./keys/sealing.key }

# Usually keys rotate after days. The tour rotates every 3s so that you can watch, and nats-sts check warns
# about that: each rotation goes to every server, and each key stays trusted while its credentials are valid.
accounts:
  APP: { publicKey: ${paths.account}, rotation: { every: ${paths.rotateEvery} } }
rotator: { lease: 2s }

# Who issues tokens. With a login, people can sign in too: with a browser, and with nats-sts login.
issuers:
  demo:
    issuer: ${paths.issuer}
    audience: ${AUDIENCE}
    kinds: [access_token]
    allowInsecureHttp: true
    login:
      clientId: ${WEB_CLIENT.id}
      clientSecret: { file: ./keys/provider-client.secret }
      title: the demo's provider
branding: { name: Orders Messaging }
contact: "#platform-team"

# What a credential allows: here, the orders of the region in the token.
roles:
  orders:
    account: APP
    publish: { allow: ["orders.{{claims.region}}.>"] }
    subscribe: { allow: ["orders.{{claims.region}}.>"] }
    maxTtl: 15m

# Who gets which role. No binding, no credential.
bindings:
  - name: the orders team
    issuer: demo
    match:
      team: orders
      region: [eu, us]
    roles: [orders]

# The administrators: they see and rotate signing keys, and revoke. Services use tokens, people use /console.
admin:
  - issuer: demo
    match: { team: platform }
`;
}
