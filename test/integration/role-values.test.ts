import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { draftCredential } from '../../src/credential/mint.ts';
import { Refusal } from '../../src/errors.ts';
import type { KeyScope } from '../../src/keyring/ring.ts';
import type { Grant } from '../../src/policy/policy.ts';
import { signingOf } from '../../src/service/signing/role-signing.ts';
import { ACCOUNTS, configDirectory, yaml } from '../config/fixture.ts';
import { identity } from '../policy/support.ts';
import { eventually } from '../support/eventually.ts';
import type { NatsServer } from '../support/nats-server.ts';
import {
  createOperatorWorld,
  type OperatorWorld,
  type WorldAccount,
} from '../support/operator-world.ts';

/**
 * Values of a role, each tried from the configuration file to a real nats-server: what `check` lets
 * through does there what the documentation says, signed directly and, where it can be, scoped.
 */

/** What a user of the role can do. Left out: connect. */
interface Can {
  readonly connect?: boolean;
  /** Subject → whether it may publish there. */
  readonly publish?: Readonly<Record<string, boolean>>;
  /** `subject` or `subject queue` → whether it may subscribe there. */
  readonly subscribe?: Readonly<Record<string, boolean>>;
  /** Why there is no scoped form. */
  readonly direct?: string;
}

type Row = readonly [role: string, can: Can];

const ALL_DAY =
  'times: [{ start: "00:00:00", end: "12:00:00" }, { start: "11:00:00", end: "00:00:00" }]';
const inHours = (hours: number) =>
  new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 19);

// biome-ignore format: a table reads best with one row a line
const ACCEPTED: readonly Row[] = [
  ['sources: 127.0.0.1', {}],
  ['sources: [10.0.0.1, 127.0.0.1]', {}],
  ['sources: [127.0.0.0/8, 10.0.0.1]', {}],
  ['sources: 127.1.2.3/8', {}],
  ['sources: 0.0.0.0/0', {}],
  ['sources: "::ffff:127.0.0.1"', {}],
  ['sources: "::ffff:127.0.0.0/104"', {}],
  ['sources: 127.0.0.2', { connect: false }],
  ['sources: "::/0"', { connect: false }],
  ['sources: "::1"', { connect: false }],
  ['sources: FD00::/8', { connect: false }],
  [`${ALL_DAY}, timezone: UTC`, {}],
  [`${ALL_DAY}, timezone: utc`, {}],
  [`${ALL_DAY}, timezone: europe/berlin`, {}],
  [`${ALL_DAY}, timezone: US/eastern`, {}],
  [`${ALL_DAY}, timezone: asia/kolkata`, {}],
  [`${ALL_DAY}, timezone: EUROPE/KYIV`, {}],
  [`${ALL_DAY}, timezone: etc/gmt+5`, {}],
  [`times: [{ start: "${inHours(6)}", end: "${inHours(7)}" }], timezone: UTC`, { connect: false }],
  [`times: [{ start: "${inHours(6)}", end: "${inHours(5)}" }], timezone: UTC`, {}],
  ['connectionTypes: STANDARD', {}],
  ['connectionTypes: [MQTT, STANDARD, STANDARD]', {}],
  ['connectionTypes: WEBSOCKET', { connect: false }],
  ['limits: { subscriptions: 1000000000 }', {}],
  ['limits: { payload: 2147483KB }', {}],
  ['limits: { data: 1B }, publish: { allow: a.> }', { publish: { 'a.longer.one': true } }],
  ['maxTtl: 3650d', {}],
  ['description: "zwei\\nZeilen {{name()}}"', {}],
  ['publish: { allow: "ü.日本.>" }', { publish: { 'ü.日本.x': true, 'u.日本.x': false } }],
  [`publish: { allow: 'a"b\\c.*' }`, { publish: { 'a"b\\c.d': true, 'a.d': false } }],
  ['publish: { allow: $X.>, deny: $X.secret.* }', { publish: { '$X.a': true, '$X.secret.a': false } }],
  ['publish: { allow: [a, a] }', { publish: { a: true, b: false } }],
  ['publish: { deny: a }', { publish: { a: false, b: false } }],
  ['publish: { allow: "o.{{claims.org}}" }', { publish: { 'o.acme': true, 'o.other': false } }],
  ['publish: { allow: ">", deny: "o.{{claims.org}}" }', { publish: { 'o.acme': false, 'o.other': true } }],
  ['subscribe: { allow: "w q" }', { subscribe: { w: false, 'w q': true, 'w other': false } }],
  ['subscribe: { allow: "w.> q.*" }', { subscribe: { 'w.a q.b': true, 'w.a q': false } }],
  ['subscribe: { allow: ["orders.> workers", _INBOX.>] }', { subscribe: { 'orders.a workers': true, 'orders.a': false, '_INBOX.a': true } }],
  ['subscribe: { allow: orders.>, deny: "orders.> workers" }', { subscribe: { 'orders.a': true, 'orders.a q': true, 'orders.a workers': false } }],
  ['subscribe: { allow: "> q" }', { subscribe: { 'a.b q': true, 'a.b': false } }],
  ['subscribe: { allow: ">", deny: "w q" }', { subscribe: { w: true, 'w q': false, 'w other': true } }],
  ['subscribe: { allow: ["w q", w] }', { subscribe: { w: true, 'w q': true } }],
  ['subscribe: { allow: ["w q", "o.{{claims.org}}"] }', { direct: 'queue group', subscribe: { 'w q': true, w: false, 'o.acme': true } }],
  ['subscribe: { allow: ">", deny: ["w q", "o.{{claims.org}}"] }', { direct: 'queue group', subscribe: { 'w q': false, w: true, 'o.acme': false } }],
  ['subscribe: { allow: "w {{claims.org}}" }', { direct: 'queue rule', subscribe: { 'w acme': true, 'w q': false } }],
  ['subscribe: { allow: "w q", deny: "o.{{claims.org}}" }', { subscribe: { 'w q': true, w: false } }],
];

// biome-ignore format: a table reads best with one row a line
const REFUSED: readonly (readonly [role: string, problem: RegExp])[] = [
  ['sources: 127.0.0.0/33', /sources: is not a network/],
  ['sources: "::/129"', /sources: is not a network/],
  ['sources: [127.0.0.1, localhost]', /sources\[1\]: is not a network/],
  ['sources: 010.0.0.1', /sources: is not a network/],
  ['sources: 127.0.0.0/08', /sources: is not a network/],
  ['sources: 127.0.0.0/', /sources: is not a network/],
  ['sources: 127.0.0.0/-1', /sources: is not a network/],
  ['sources: "127.1"', /sources: is not a network/],
  ['sources: fe80::1%eth0', /sources: is not a network/],
  ['sources: " 127.0.0.1"', /sources: is not a network/],
  ['sources: "127.0.0.0/8,10.0.0.0/8"', /sources: is not a network/],
  ['sources: ""', /sources: is not a network/],
  ['sources: []', /sources: is empty: give at least one network/],
  ['times: [{ start: "08:00:00", end: "08:00:00" }], timezone: UTC', /times\[0\]\.end: is equal to start/],
  ['times: [{ start: "00:00:00", end: "24:00:00" }], timezone: UTC', /times\[0\]\.end: is not a time of day/],
  ['times: [{ start: "8:00:00", end: "09:00:00" }], timezone: UTC', /times\[0\]\.start: is not a time of day/],
  ['times: [{ start: "08:00:00", end: "09:00:60" }], timezone: UTC', /times\[0\]\.end: is not a time of day/],
  ['times: [], timezone: UTC', /times: is empty: give at least one span/],
  [ALL_DAY, /times: .*timezone/],
  [`${ALL_DAY}, timezone: ""`, /timezone: is not a time zone/],
  [`${ALL_DAY}, timezone: Local`, /timezone: is not a time zone/],
  [`${ALL_DAY}, timezone: PST`, /timezone: is not a time zone/],
  [`${ALL_DAY}, timezone: GMT+5`, /timezone: is not a time zone/],
  [`${ALL_DAY}, timezone: "+01:00"`, /timezone: is not a time zone/],
  [`${ALL_DAY}, timezone: posix/Europe/Berlin`, /timezone: is not a time zone/],
  [`${ALL_DAY}, timezone: ../Europe/Berlin`, /timezone: is not a time zone/],
  ['connectionTypes: standard', /connectionTypes: write one of STANDARD/],
  ['connectionTypes: [NATS]', /connectionTypes\[0\]: write one of STANDARD/],
  ['connectionTypes: 7', /connectionTypes: write one connection type or a list/],
  ['sources: 10.1', /sources: write one network or a list/],
  ['connectionTypes: []', /connectionTypes: is empty: give at least one/],
  ['limits: { subscriptions: 0 }', /limits\.subscriptions: write a whole number/],
  ['limits: { subscriptions: -1 }', /limits\.subscriptions: write a whole number/],
  ['limits: { subscriptions: 1.5 }', /limits\.subscriptions: write a whole number/],
  ['limits: { subscriptions: 4294967297 }', /limits\.subscriptions: write a whole number/],
  ['limits: { payload: 0B }', /limits\.payload: must be between/],
  ['limits: { payload: 2GiB }', /limits\.payload: must be between 1 and 2147483647 bytes/],
  ['limits: { payload: -1B }', /limits\.payload: is not a size/],
  ['limits: { payload: 1.5KiB }', /limits\.payload: is not a size/],
  ['limits: { payload: 9223372036854775808B }', /limits\.payload: is not a size/],
  ['limits: { data: 0B }', /limits\.data: must be between/],
  ['responses: { max: 0 }', /responses\.max: write a whole number/],
  ['responses: { max: -1 }', /responses\.max: write a whole number/],
  ['responses: { ttl: 0s }', /responses\.ttl: must be between/],
  ['responses: { ttl: 500ms }', /responses\.ttl: is not a duration/],
  ['maxTtl: 0s', /maxTtl: must be between/],
  ['maxTtl: 3651d', /maxTtl: must be between/],
  ['publish: { allow: "" }', /publish\.allow\[0\]: is empty/],
  ['publish: { allow: "a b" }', /publish\.allow\[0\]: /],
  ['publish: { deny: "a q" }', /publish\.deny\[0\]: /],
  ['publish: { allow: "a\\tb" }', /publish\.allow\[0\]: /],
  ['publish: { allow: "a\\u00a0b" }', /publish\.allow\[0\]: /],
  ['publish: { allow: .a }', /publish\.allow\[0\]: has an empty token/],
  ['publish: { allow: a. }', /publish\.allow\[0\]: has an empty token/],
  ['publish: { allow: a..b }', /publish\.allow\[0\]: has an empty token/],
  ['publish: { allow: ">.a" }', /publish\.allow\[0\]: has ">"/],
  ['publish: { allow: a.b* }', /publish\.allow\[0\]: has "\*" inside a token/],
  ['publish: { allow: "{{name()}}" }', /publish\.allow\[0\]: has an unknown reference "{{name\(\)}}"/],
  ['publish: { allow: "{{tag(org)}}" }', /publish\.allow\[0\]: has an unknown reference "{{tag\(org\)}}"/],
  ['publish: { allow: "{{account-name()}}" }', /publish\.allow\[0\]: /],
  ['publish: { allow: "a.{b}" }', /publish\.allow\[0\]: has a single brace/],
  ['subscribe: { allow: "a  q" }', /subscribe\.allow\[0\]: /],
  ['subscribe: { allow: " a q" }', /subscribe\.allow\[0\]: /],
  ['subscribe: { allow: "a q r" }', /subscribe\.allow\[0\]: /],
  ['subscribe: { allow: "a q*" }', /subscribe\.allow\[0\]: /],
  ['subscribe: { allow: "a .q" }', /subscribe\.allow\[0\]: has an empty token/],
];

const CLAIMS = { sub: 'alice', org: 'acme' };

/** The grant of a role that the file holds, and its scoped form (or why there is none). */
function read(role: string): { grant: Grant; scope: KeyScope | undefined; why: string } {
  using directory = configDirectory();
  const config = directory.load(
    yaml({ accounts: ACCOUNTS, roles: `roles: { publisher: { account: APP, ${role} } }` }),
  );
  const { policy } = config;
  const decision = policy.decide(identity(CLAIMS, { issuerName: 'dev' }), {});
  if (!('grant' in decision)) throw new Error(decision.denial.refusal.message);
  const [account] = config.accounts;
  const compiled = policy.roles.get('publisher');
  if (!account || !compiled) throw new Error('the configuration has lost its role');
  const { scope, why } = signingOf(compiled, { ...account, kind: 'managed', signingKeys: [] });
  return { grant: decision.grant, scope, why };
}

const rows = ACCEPTED.map(([role, can], index) => ({ role, can, key: `r${index}`, ...read(role) }));
const other = {
  onesub: read('subscribe: { allow: ">" }, limits: { subscriptions: 1 }'),
  payload: read('publish: { allow: ">" }, limits: { payload: 10B }'),
  responder: read('subscribe: { allow: service }, responses: { max: 2, ttl: 3650d }'),
};

let world: OperatorWorld;
let server: NatsServer;
beforeAll(async () => {
  const scopes = Object.fromEntries([
    ...rows.flatMap(({ key, scope }) => (scope ? [[key, scope.template] as const] : [])),
    ...Object.entries(other).map(([key, { scope }]) => [key, scope?.template ?? {}] as const),
  ]);
  world = createOperatorWorld({ accounts: { APP: { scopes } }, resolver: 'full' });
  server = await world.start();
});
afterAll(() => server.stop());

function credsOf(grant: Grant, scopedKey: string | undefined): string {
  const { key, signingKey, scopedKeys }: WorldAccount = world.account();
  const signer = scopedKey === undefined ? signingKey : scopedKeys[scopedKey];
  if (!signer) throw new Error(`no scoped key ${scopedKey}`);
  const { publicKey, sign } = signer;
  const now = Math.floor(Date.now() / 1000);
  const draft = draftCredential(
    { maxControlLineBytes: 4096 },
    {
      identity: identity(CLAIMS),
      grant,
      signingKey: { publicKey, sign, account: key.publicKey, scopedTo: scopedKey && 'publisher' },
      issuedAt: now,
      expiresAt: now + grant.lifetimeSeconds,
    },
  );
  if (draft instanceof Refusal) throw new Error(draft.message);
  return draft.sign().creds ?? '';
}

async function open(creds: string): Promise<NatsConnection> {
  const connection = await connect({
    servers: server.url,
    authenticator: credsAuthenticator(Buffer.from(creds)),
    reconnect: false,
  });
  onTestFinished(() => connection.close());
  return connection;
}

async function published(connection: NatsConnection, subjects: readonly string[]) {
  const observer = await open(world.user().creds);
  const seen = observer.subscribe('>');
  await observer.flush();
  for (const subject of subjects) connection.publish(subject);
  await connection.flush();
  await observer.flush();
  await seen.drain();
  const arrived = new Set<string>();
  for await (const { subject } of seen) arrived.add(subject);
  return Object.fromEntries(subjects.map((subject) => [subject, arrived.has(subject)]));
}

async function subscribed(connection: NatsConnection, rules: readonly string[]) {
  const answers: [string, boolean][] = [];
  for (const rule of rules) {
    const [subject = '', queue] = rule.split(' ');
    const { promise: refused, resolve } = Promise.withResolvers<boolean>();
    connection.subscribe(subject, {
      ...(queue !== undefined && { queue }),
      callback: (fault) => {
        if (fault) resolve(true);
      },
    });
    // The server answers in order: what it has against the subscription comes before the flush is answered.
    const ends = connection.flush().then(() => false);
    answers.push([rule, !(await Promise.race([refused, ends]))]);
  }
  return Object.fromEntries(answers);
}

async function tried(creds: string, { publish = {}, subscribe = {} }: Can) {
  let connection: NatsConnection;
  try {
    connection = await open(creds);
  } catch (fault) {
    return { connect: false, why: fault instanceof Error ? fault.message : '' };
  }
  return {
    connect: true,
    publish: await published(connection, Object.keys(publish)),
    subscribe: await subscribed(connection, Object.keys(subscribe)),
  };
}

function expected({ connect = true, publish = {}, subscribe = {} }: Can) {
  return connect ? { connect, publish, subscribe } : { connect, why: 'Authorization Violation' };
}

describe('a value that check accepts means the same on a real nats-server', () => {
  test.for(rows)('$role, signed directly', async ({ grant, can }) => {
    expect(await tried(credsOf(grant, undefined), can)).toEqual(expected(can));
  });

  test.for(rows.filter(({ scope }) => scope))('$role, scoped', async ({ grant, can, key }) => {
    expect(can.direct).toBeUndefined();
    expect(await tried(credsOf(grant, key), can)).toEqual(expected(can));
  });

  test.for(rows.filter(({ scope }) => !scope))('$role is not scoped', ({ can, why }) => {
    expect(can.direct).toBeDefined();
    expect(why).toContain(can.direct);
  });
});

test.for(REFUSED)('check refuses %s', ([role, problem]) => {
  using directory = configDirectory();
  const roles = `roles: { publisher: { account: APP, ${role} } }`;
  expect(directory.problems(yaml({ roles }))).toEqual([expect.stringMatching(problem)]);
});

describe.for(['signed directly', 'scoped'])(
  'limits and replies hold on a real nats-server (%s)',
  (scoped) => {
    const creds = (name: keyof typeof other) =>
      credsOf(other[name].grant, scoped === 'scoped' ? name : undefined);

    test('one subscription at a time', async () => {
      const connection = await open(creds('onesub'));
      const got: string[] = [];
      for (const subject of ['first', 'second']) {
        connection.subscribe(subject, {
          callback: (fault, message) => void (fault ?? got.push(message.subject)),
        });
      }
      await connection.flush();
      const sender = await open(world.user().creds);
      for (const subject of ['second', 'first']) sender.publish(subject);
      await sender.flush();
      await connection.flush();
      expect(got).toEqual(['first']);
    });

    test('the largest message', async () => {
      const connection = await open(creds('payload'));
      // The server says so in a second INFO, after it has let the user in.
      expect(await eventually(() => connection.info?.max_payload === 10)).toBe(true);
    });

    test('replies, and nothing else, for as long and as often as the role says', async () => {
      const service = await open(creds('responder'));
      service.subscribe('service', {
        callback: (_fault, message) => {
          for (const text of ['one', 'two', 'three']) message.respond(text);
          service.publish('answers', 'unasked');
        },
      });
      await service.flush();
      const client = await open(world.user().creds);
      const got: string[] = [];
      client.subscribe('>', { callback: (_fault, message) => void got.push(message.string()) });
      client.publish('service', 'question', { reply: 'answers' });
      await client.flush();
      await eventually(() => got.length >= 3);
      // Whatever else was sent has been answered by now.
      await service.flush();
      await client.flush();
      expect(got).toEqual(['question', 'one', 'two']);
    });
  },
);
