import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decode } from '@nats-io/jwt';
import { jwtAuthenticator, errors } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { startIdentityProvider, type IdentityProvider } from '../support/identity-provider.ts';
import { AUDIENCE } from '../support/issuer.ts';
import { findNatsCli, runNats } from '../support/nats-cli.ts';
import { firstError, heard, publishTo, subscriptionError } from '../support/nats-traffic.ts';
import {
  type CredentialAnswer,
  JWT_TYPE,
  startServiceWorld,
  type ServiceWorld,
  TOKEN_EXCHANGE,
} from '../support/service-world.ts';
import { eventually } from '../support/eventually.ts';
import { PATIENCE_MILLISECONDS } from '../support/patience.ts';

/** The main job on real input: a token of a real provider, our service, a real nats-server, real clients. */

let provider: IdentityProvider;
let world: ServiceWorld;

beforeAll(async () => {
  provider = await startIdentityProvider({
    audience: AUDIENCE,
    clients: [
      { id: 'orders', secret: 'secret', claims: { team: 'red', region: 'EU' } },
      { id: 'stranger', secret: 'secret' },
    ],
  });
  world = await startServiceWorld({
    accounts: {
      APP: {
        scopes: {
          scoped: {
            pub: { allow: ['teams.{{tag(team)}}.>'] },
            sub: { allow: ['_INBOX.>'] },
          },
          shouting: { pub: { allow: ['regions.{{tag(region)}}'] }, sub: { allow: ['_INBOX.>'] } },
        },
      },
    },
    configure: (tree) => {
      tree.issuers.provider = {
        issuer: provider.issuer,
        audience: AUDIENCE,
        kinds: 'access_token',
        allowInsecureHttp: true,
      };
      const subscribe = { allow: ['_INBOX.>'] };
      tree.roles.scoped = {
        account: 'APP',
        publish: { allow: ['teams.{{claims.team}}.>'] },
        subscribe,
      };
      tree.roles.shouting = {
        account: 'APP',
        publish: { allow: ['regions.{{claims.region}}'] },
        subscribe,
      };
      tree.roles.listener = { account: 'APP', subscribe: { allow: ['orders.>'] } };
      tree.bindings.push({
        name: 'orders service of the provider',
        issuer: 'provider',
        match: { client_id: 'orders' },
        roles: ['publisher', 'scoped', 'shouting', 'listener'],
      });
    },
  });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await provider.close();
});

const tokenOf = (client: string) => provider.tokenOf(client);

describe('a token of a real OIDC provider', () => {
  test('becomes a .creds that connects, publishes where allowed, and is refused elsewhere', async () => {
    const { creds, servers } = await world.credential(await tokenOf('orders'));
    expect(servers).toEqual([world.nats?.url]);
    const connection = await world.connect(creds);
    const error = firstError(connection);
    const observer = await world.observer();
    const subjects = await heard(observer, () =>
      publishTo(connection, [
        'orders.orders.new',
        'orders.billing.new',
        'other',
        'orders.orders.a.b',
      ]),
    );
    expect(subjects).toEqual(['orders.orders.new', 'orders.orders.a.b']);
    expect(await error).toBeInstanceOf(errors.PermissionViolationError);
    expect(await subscriptionError(connection, 'orders.orders.>')).toBeUndefined();
    expect(await subscriptionError(connection, 'orders.>')).toBeInstanceOf(
      errors.PermissionViolationError,
    );
  });

  test('becomes one with Accept: text/plain, ready for a file', async () => {
    const response = await world.exchange(await tokenOf('orders'), { accept: 'text/plain' });
    const connection = await world.connect(await response.text());
    const subjects = await heard(await world.observer(), () =>
      publishTo(connection, ['orders.orders.plain']),
    );
    expect(subjects).toEqual(['orders.orders.plain']);
  });

  test('becomes one for the caller’s own nkey, whose seed the service never sees', async () => {
    const pair = createKeyPair('user');
    const { jwt } = await world.credential(await tokenOf('orders'), { nkey: pair.publicKey });
    const connection = await world.connect('', {
      authenticator: jwtAuthenticator(jwt, Buffer.from(pair.seed())),
    });
    expect(
      await heard(await world.observer(), () => publishTo(connection, ['orders.orders.own'])),
    ).toEqual(['orders.orders.own']);
  });

  test('becomes one at /token, as JWT and seed or as a whole file', async () => {
    const ask = async (more: Record<string, string> = {}) => {
      const response = await world.tokenExchange({
        grant_type: TOKEN_EXCHANGE,
        subject_token: await tokenOf('orders'),
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        ...more,
      });
      return (await response.json()) as { access_token: string; seed?: string };
    };
    const { access_token: jwt, seed = '' } = await ask();
    const first = await world.connect('', {
      authenticator: jwtAuthenticator(jwt, Buffer.from(seed)),
    });
    const whole = await ask({ requested_token_type: 'urn:nats-sts:token-type:creds' });
    const second = await world.connect(whole.access_token);
    const subjects = await heard(await world.observer(), async () => {
      await publishTo(first, ['orders.orders.1']);
      await publishTo(second, ['orders.orders.2']);
    });
    expect(subjects).toEqual(['orders.orders.1', 'orders.orders.2']);
  });

  test('of a client without a binding is denied', async () => {
    expect((await world.exchange(await tokenOf('stranger'))).status).toBe(403);
  });
});

describe('a role with a scoped signing key', () => {
  test('gets its permissions from the template, filled in by the server from our tags', async () => {
    const { creds, jwt } = await world.credential(await tokenOf('orders'), { role: 'scoped' });
    expect(decode(jwt).nats).not.toHaveProperty('pub');
    const connection = await world.connect(creds);
    const subjects = await heard(await world.observer(), () =>
      publishTo(connection, ['teams.red.a', 'teams.blue.a', 'orders.orders.a']),
    );
    expect(subjects).toEqual(['teams.red.a']);
  });

  test('is denied to a token whose claim NATS would change, instead of granting something else', async () => {
    const response = await world.exchange(await tokenOf('orders'), { role: 'shouting' });
    expect(await response.json()).toMatchObject({ reason: 'template_value_unsafe' });
  });
});

test('a role without publish publishes nothing', async () => {
  const { creds } = await world.credential(await tokenOf('orders'), { role: 'listener' });
  const connection = await world.connect(creds);
  const error = firstError(connection);
  const subjects = await heard(await world.observer(), () =>
    publishTo(connection, ['orders.orders.a', 'a', '_INBOX.x']),
  );
  expect(subjects).toEqual([]);
  expect(await error).toBeInstanceOf(errors.PermissionViolationError);
});

test('the server disconnects a credential when it expires', async () => {
  const token = await tokenOf('orders');
  let ttl = 1;
  // On a slow machine a credential may end before its holder has connected: then it gets a longer one.
  const connection = await eventually(async () => {
    ttl *= 2;
    const { creds } = await world.credential(token, { ttl });
    return world.connect(creds).catch(() => undefined);
  });
  expect(await connection.closed()).toBeInstanceOf(errors.UserAuthenticationExpiredError);
});

test('the server shows whose connection it is', async () => {
  const { creds, subject } = await world.credential(await tokenOf('orders'));
  await world.connect(creds);
  const system = await world.connect(world.trust.sysCreds);
  const account = world.trust.account().key.publicKey;
  const question = JSON.stringify({ auth: true, user: subject });
  const answer = await system.request(`$SYS.REQ.ACCOUNT.${account}.CONNZ`, question, {
    timeout: PATIENCE_MILLISECONDS,
  });
  const { data } = answer.json<{ data: { connections: { tags?: string[] }[] } }>();
  expect(data.connections.flatMap(({ tags = [] }) => tags)).toEqual(
    expect.arrayContaining(['sts-issuer:provider', 'sts-subject:orders', 'sts-role:publisher']),
  );
});

describe('the nats command line', () => {
  test('connects with the .creds, publishes where allowed, and is refused elsewhere', async (context) => {
    const cli = await findNatsCli();
    if ('missing' in cli) return context.skip(cli.missing);
    const response = await world.exchange(await tokenOf('orders'), { accept: 'text/plain' });
    const file = join(world.folder, 'app.creds');
    await writeFile(file, await response.text(), { mode: 0o600 });
    const nats = (...args: string[]) =>
      runNats(
        cli.path,
        ['--server', world.nats?.url ?? '', '--creds', file, ...args],
        world.folder,
      );
    const outputs: { code: number; output: string }[] = [];
    const subjects = await heard(await world.observer(), async () => {
      outputs.push(await nats('pub', 'orders.orders.cli', 'hello'));
      outputs.push(await nats('pub', 'orders.billing.cli', 'hello'));
      outputs.push(await nats('sub', 'orders.billing.>', '--count=1'));
    });
    expect(subjects).toEqual(['orders.orders.cli']);
    expect(outputs[0]).toMatchObject({ code: 0 });
    expect(outputs[1]?.output).toMatch(/Permissions Violation/i);
    expect(outputs[2]?.output).toMatch(/Permissions Violation/i);
  });
});

/** What `POST /exchange` and `POST /token` give to one and the same token differs in nothing but the form. */
test('both doors decide the same', async () => {
  const token = await tokenOf('orders');
  const atExchange: CredentialAnswer = await world.credential(token, { role: 'scoped', ttl: 60 });
  const response = await world.tokenExchange({
    grant_type: TOKEN_EXCHANGE,
    subject_token: token,
    subject_token_type: JWT_TYPE,
    scope: 'scoped',
    ttl: '60',
  });
  const { access_token } = (await response.json()) as { access_token: string };
  const [one, other] = [decode(atExchange.jwt), decode(access_token)];
  expect(other.nats).toEqual(one.nats);
  expect(other.iss).toBe(one.iss);
});
