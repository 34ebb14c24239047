import {
  connect,
  type ConnectionOptions,
  jwtAuthenticator,
  type NatsConnection,
  tokenAuthenticator,
} from '@nats-io/transport-node';
import { onTestFinished } from 'vitest';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatCreds } from '../../src/nats/creds.ts';
import { encodeJwt } from '../../src/nats/jwt.ts';
import { createCurveKeyPair } from '../../src/nats/curve-key-pair.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { directUser } from '../../src/nats/user-claims.ts';
import { PATIENCE_MILLISECONDS } from './patience.ts';
import { eventually } from './eventually.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import {
  type ConfigTree,
  type Places,
  type ServiceWorld,
  startServiceWorld,
} from './service-world.ts';

export interface CalloutWorld extends ServiceWorld {
  /** Connects with a token, like a client that knows nothing of nats-sts; closed with the test. */
  connectBy(token: string, options?: ConnectionOptions): Promise<NatsConnection>;
}

/**
 * A service that answers the callouts of account AUTH of an operator, whose keys are given. Clients
 * bring a sentinel and a token; roles are in APP.
 */
export async function startOperatorCallout(
  configure: (
    tree: ConfigTree,
    ground: Places & { readonly write: (name: string, text: string) => string },
  ) => void = () => {},
): Promise<CalloutWorld> {
  const user = createKeyPair('user');
  const xkey = createCurveKeyPair();
  const authorization = {
    auth_users: [user.publicKey],
    allowed_accounts: ['*'],
    xkey: xkey.publicKey,
  };
  const world = await startServiceWorld({
    accounts: { APP: {}, AUTH: { more: { authorization } } },
    configure: (tree, places) => {
      const { folder, trust } = places;
      const { key, signingKey } = trust.account('AUTH');
      const jwt = encodeJwt({
        claims: {
          sub: user.publicKey,
          iat: Math.floor(Date.now() / 1000),
          nats: directUser({ issuer_account: key.publicKey }),
        },
        issuerPublicKey: signingKey.publicKey,
        sign: signingKey.sign,
      });
      const write = (name: string, text: string): string => {
        writeFileSync(join(folder, name), text, { mode: 0o600 });
        return join(folder, name);
      };
      const file = write('callout.creds', formatCreds({ jwt, seed: user.seed() }));
      tree['callout'] = { account: 'AUTH', connect: { creds: file }, xkey: xkey.seed() };
      configure(tree, { ...places, write });
    },
  });
  onTestFinished(() => world[Symbol.asyncDispose]());
  await listening(world);
  const { key, signingKey } = world.trust.account('AUTH');
  const sentinel = createKeyPair('user');
  const jwt = encodeJwt({
    claims: {
      sub: sentinel.publicKey,
      iat: Math.floor(Date.now() / 1000),
      nats: directUser({
        issuer_account: key.publicKey,
        bearer_token: true,
        pub: { deny: ['>'] },
        sub: { deny: ['>'] },
      }),
    },
    issuerPublicKey: signingKey.publicKey,
    sign: signingKey.sign,
  });
  return {
    ...world,
    connectBy: (token, options) =>
      connected(world.nats, {
        authenticator: [jwtAuthenticator(jwt), tokenAuthenticator(token)],
        ...options,
      }),
  };
}

async function listening({ log, url }: ServiceWorld): Promise<void> {
  await eventually(async () => (await fetch(`${url}/readyz`)).ok);
  await eventually(() => log.text().includes('answering auth callouts'));
}

async function connected(
  nats: Pick<NatsServer, 'url'> | undefined,
  options: ConnectionOptions,
): Promise<NatsConnection> {
  const connection = await connect({
    servers: nats?.url ?? '',
    reconnect: false,
    timeout: PATIENCE_MILLISECONDS,
    ...options,
  });
  onTestFinished(() => connection.close());
  return connection;
}

export interface ConfiguredCallout extends CalloutWorld {
  readonly server: NatsServer;
}

/**
 * A service that answers the callouts of a server without an operator: accounts AUTH, APP and SYS are in
 * its configuration. `more` goes into it.
 */
export async function startConfiguredCallout({
  configure = () => {},
  more = '',
  timeoutSeconds = PATIENCE_MILLISECONDS / 1000,
}: {
  readonly configure?: (tree: ConfigTree) => void;
  readonly more?: string;
  /** How long the server waits for an answer. */
  readonly timeoutSeconds?: number;
} = {}): Promise<ConfiguredCallout> {
  const issuer = createKeyPair('account');
  const xkey = createCurveKeyPair();
  const server = await startNatsServer({
    config: `
accounts {
  AUTH: { users: [ { user: sts, password: sts }, { user: intruder, password: intruder } ] }
  APP: { jetstream: enabled }
}
authorization {
  timeout: ${timeoutSeconds}
  auth_callout {
    issuer: ${issuer.publicKey}, auth_users: [ sts, intruder ], account: AUTH, xkey: ${xkey.publicKey}
  }
}
server_name: one
jetstream: enabled
${more}`,
  });
  onTestFinished(() => server.stop());
  const world = await startServiceWorld({
    nats: false,
    configure: (tree) => {
      tree['nats'] = { servers: [server.url] };
      tree['accounts'] = { APP: {} };
      tree['callout'] = {
        issuer: issuer.seed(),
        connect: { user: 'sts', password: 'sts' },
        xkey: xkey.seed(),
      };
      configure(tree);
    },
  });
  onTestFinished(() => world[Symbol.asyncDispose]());
  await listening(world);
  return {
    ...world,
    server,
    connectBy: (token, options) => connected(server, { token, ...options }),
  };
}
