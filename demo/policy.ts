/** Who the demo's identity provider knows, and what it says about them in their tokens. */
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
/** Administers nats-sts. */
export const OPS = {
  id: 'ops',
  secret: 'ops-secret',
  claims: { team: 'platform', region: 'eu' },
};

/** In the orders team, as the orders service is: the policy gives both the same. */
export const ADA = {
  id: 'ada',
  name: 'Ada Lovelace',
  about: 'In the orders team: gets the role orders',
  claims: { team: 'orders', region: 'eu' },
};
/** In no team that the policy gives anything. */
export const BEN = {
  id: 'ben',
  name: 'Ben Bitdiddle',
  about: 'In the sales team: has no role',
  claims: { team: 'sales', region: 'eu' },
};
/** Administers nats-sts with a browser. */
export const OLGA = {
  id: 'olga',
  name: 'Olga Operator',
  about: 'Operator: has no role, and the console is hers',
  claims: { team: 'platform', region: 'eu' },
};

/** Everybody who can sign in. */
export const PEOPLE = [ADA, BEN, OLGA];

/** Whom the provider's tokens are for. */
export const AUDIENCE = 'nats-sts';

/** What nats-sts is to the provider when people sign in. */
export const WEB_CLIENT = { id: 'nats-sts-pages', secret: 'nats-sts-pages-secret' };

/** The demo's configuration, as an operator would write it beside what `nats-sts init` made. */
export function demoConfig(places: {
  readonly issuer: string;
  /** Where nats-sts is to listen: the provider sends people back there. */
  readonly port: number;
  readonly natsUrl: string;
  /** Public key of the application account. */
  readonly account: string;
  /** `3s`, `7d` */
  readonly rotateEvery: string;
}): string {
  return `# The configuration of the demo's nats-sts. Edit and save it: the service takes the change at once.

listen: { host: 127.0.0.1, port: ${places.port} }
nats:
  servers: ["${places.natsUrl}"]
  # With these nats-sts publishes the signing keys of the account.
  operator: { file: ./operator.jwt }
  operatorSigningKey: { file: ./keys/operator-signing.nk }
  system: { creds: ./keys/sts-system.creds }
store: { sqlite: ./data/sts.db }
sealingKey: { file: ./keys/sealing.key }

# Days are usual. The tour rotates every 3s, for you to watch; nats-sts check warns of that, for a good reason:
# each rotation goes to every server, and each key stays trusted for as long as its credentials live.
accounts:
  APP: { publicKey: ${places.account}, rotation: { every: ${places.rotateEvery} } }
rotator: { lease: 2s }

# Who vouches for the callers. With a login, people come in, too: by browser, and by nats-sts login.
issuers:
  demo:
    issuer: ${places.issuer}
    audience: ${AUDIENCE}
    kinds: [access_token]
    allowInsecureHttp: true
    login:
      clientId: ${WEB_CLIENT.id}
      clientSecret: { file: ./keys/provider-client.secret }
      title: the demo's provider
branding: { name: Orders Messaging }
contact: "#platform-team"

# What a credential allows: here, the orders of the region that the token names.
roles:
  orders:
    account: APP
    publish: { allow: ["orders.{{claims.region}}.>"] }
    subscribe: { allow: ["orders.{{claims.region}}.>"] }
    maxTtl: 15m

# Who may take which role. No binding, no credential.
bindings:
  - name: the orders team
    issuer: demo
    match:
      team: orders
      region: [eu, us]
    roles: [orders]

# Who may see and rotate signing keys, and revoke: services by token, people at /console.
admin:
  - issuer: demo
    match: { team: platform }
`;
}
