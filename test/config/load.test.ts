import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { InvalidInput } from '../../src/errors.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { ACCOUNTS, account, configDirectory, ISSUERS, ROLES, signingKey, yaml } from './fixture.ts';

test('the smallest file gets every default', () => {
  using directory = configDirectory();
  const config = directory.load(yaml());
  expect(config).toMatchObject({
    file: join(directory.path, 'sts.yaml'),
    files: new Map([[join(directory.path, 'sts.yaml'), expect.any(String)]]),
    listen: { host: '127.0.0.1', port: 8080 },
    publicUrl: 'http://127.0.0.1:8080',
    nats: { servers: ['nats://127.0.0.1:4222'], maxControlLineBytes: 4096 },
    accounts: [
      {
        name: 'APP',
        publicKey: account.publicKey,
        kind: 'external',
        signingKeys: [{ seed: signingKey.seed() }],
      },
    ],
    store: { sqliteFile: join(directory.path, 'data/sts.db') },
    sealingKeys: [],
    rotator: { leaseSeconds: 10 },
    admin: [],
    audit: { survive: 'process-crash', retentionSeconds: 400 * 86_400 },
    rateLimit: {
      enabled: true,
      perAddress: { max: 600, everySeconds: 60 },
      perIdentity: { max: 60, everySeconds: 60 },
    },
    limits: {
      bodyBytes: 65_536,
      tokenBytes: 16_384,
      concurrentRequests: 1000,
      requestSeconds: 10,
      stopDelaySeconds: 0,
      drainSeconds: 10,
    },
    roles: [{ name: 'publisher', maxTtlSeconds: 3600, publish: { allow: ['orders.>'], deny: [] } }],
    warnings: [],
  });
  expect(config).not.toHaveProperty('contact');
});

test('every key of a role and of the service arrives in the unit that its name says', () => {
  using directory = configDirectory();
  directory.write('tls.crt', 'x');
  directory.write('tls.key', 'x');
  const config = directory.load(
    yaml({
      roles: `roles:
  publisher:
    description: publishes orders
    account: APP
    publish: { allow: orders.new, deny: [orders.secret] }
    subscribe: { allow: ["orders.{{claims.team}}.>"] }
    responses: { max: 2, ttl: 30s }
    limits: { subscriptions: 10, payload: 64KiB, data: 10MB }
    sources: [10.0.0.0/8]
    times: [{ start: "08:00:00", end: "18:00:00" }]
    timezone: Europe/Berlin
    connectionTypes: [STANDARD, WEBSOCKET]
    maxTtl: 1h30m`,
      more: `listen: { host: 0.0.0.0, port: "9443", tls: { cert: tls.crt, key: { file: tls.key } } }
publicUrl: https://sts.example.com/
nats: { servers: "wss://nats.example.com", maxControlLine: 8KiB }
store: { sqlite: /var/lib/sts.db }
audit: { survive: power-loss, retention: 30d }
limits: { body: 1MiB, token: 8KiB, concurrency: 5, request: 2s, drain: 1m }
rateLimit: { enabled: false }
contact: platform@example.com`,
    }),
  );
  expect(config).toMatchObject({
    listen: {
      port: 9443,
      tls: {
        certFile: join(directory.path, 'tls.crt'),
        keyFile: join(directory.path, 'tls.key'),
      },
    },
    publicUrl: 'https://sts.example.com',
    nats: { servers: ['wss://nats.example.com'], maxControlLineBytes: 8192 },
    store: { sqliteFile: '/var/lib/sts.db' },
    audit: { survive: 'power-loss', retentionSeconds: 30 * 86_400 },
    limits: { bodyBytes: 1_048_576, tokenBytes: 8192, concurrentRequests: 5, drainSeconds: 60 },
    rateLimit: { enabled: false },
    contact: 'platform@example.com',
  });
  expect(config.roles[0]).toEqual({
    name: 'publisher',
    description: 'publishes orders',
    account: 'APP',
    publish: { allow: ['orders.new'], deny: ['orders.secret'] },
    subscribe: { allow: ['orders.{{claims.team}}.>'], deny: [] },
    responses: { max: 2, ttlSeconds: 30 },
    limits: { subscriptions: 10, payloadBytes: 65_536, dataBytes: 10_000_000 },
    sources: ['10.0.0.0/8'],
    times: [{ start: '08:00:00', end: '18:00:00' }],
    timezone: 'Europe/Berlin',
    connectionTypes: ['STANDARD', 'WEBSOCKET'],
    maxTtlSeconds: 5400,
  });
});

test('mistakes of every stage are reported at once, in the order of the file, each with its line', () => {
  using directory = configDirectory();
  expect(
    directory.problems(`listen: { prot: 80 }
accounts: { APP: { publicKey: A } }
issuers:
  dev: { issuer: "http://id.example.com", audience: x }
roles:
  publisher:
    account: AP
    publish: { allow: ["orders.{{claims.x}"] }
    maxTtl: 900
bindings:
  - { name: one, issuer: dve, match: { ref: { regex: "(" } }, roles: [publisher] }
  - { name: two, issuer: dev, roles: publisher, when: claims.x == }
  - { name: one, issuer: dev, match: { sub: x }, roles: [publishr] }
`),
  ).toEqual([
    '1 listen.prot: unknown key (did you mean "port"?)',
    expect.stringMatching(/^2 accounts\.APP\.publicKey: is not an account's public key/),
    expect.stringMatching(/^2 accounts\.APP: has no signingKeys.*sealingKey.*or give signingKeys$/),
    '4 issuers.dev.issuer: must begin with https:// (plain http is allowed only for loopback hosts)',
    '7 roles.publisher.account: there is no account "AP" (did you mean "APP"?)',
    expect.stringMatching(/^8 roles\.publisher\.publish\.allow\[0\]: /),
    '9 roles.publisher.maxTtl: has no unit: write 15m or 900s',
    expect.stringMatching(/^11 bindings\[0\]\.match\.ref/),
    '11 bindings[0].issuer: there is no issuer "dve" (did you mean "dev"?)',
    expect.stringMatching(/^12 bindings\[1\]\.when: /),
    '13 bindings[2].roles[0]: there is no role "publishr" (did you mean "publisher"?)',
    '13 bindings[2].name: is also the name of bindings[0]: choose another',
  ]);
});

test('a binding that cannot be read does not shift the positions of later ones', () => {
  using directory = configDirectory();
  expect(
    directory.problems(
      yaml({
        bindings: `bindings:
  - just text
  - { name: two, issuer: dev, match: { ref: { regex: "(" } }, roles: [publisher] }`,
      }),
    ),
  ).toEqual([
    '5 bindings[0]: must be a mapping, but is text (quote it if it looks like a number)',
    expect.stringMatching(/^6 bindings\[1\]\.match\.ref/),
  ]);
});

test.for([
  ['maxTtl: 15', 'has no unit: write 15s, 15m or 15h'],
  ['maxTtl: 5400', 'has no unit: write 1h30m or 5400s'],
  ['maxTtl: 15 minutes', 'is not a duration: write 15m, 900s, 1h30m or 7d'],
  ['maxTtl: 1m1h', 'is not a duration: write 15m, 900s, 1h30m or 7d'],
  ['maxTtl: 0s', 'must be between 1s and 3650d'],
  ['maxTtl: 999999h', 'must be between 1s and 3650d'],
  ['maxTtl: -5m', 'is not a duration: write 15m, 900s, 1h30m or 7d'],
  ['maxTtl:', 'is empty: give a value, or remove the key'],
  ['maxTtl: [1m]', 'is not a duration: write 15m or 900s'],
] as const)('a lifetime written as "%s" is refused with what to write', ([written, message]) => {
  using directory = configDirectory();
  const roles = `roles:\n  publisher:\n    account: APP\n    ${written}`;
  expect(directory.problems(yaml({ roles }))).toEqual([`6 roles.publisher.maxTtl: ${message}`]);
});

test.for([
  ['limits: { body: 65536 }', 'limits.body: has no unit: write 64KiB or 65536B'],
  ['limits: { body: 64kb }', 'limits.body: is not a size: write 64KiB, 10MB or 512B'],
  ['limits: { body: 1B }', 'limits.body: must be between 1024 and 16777216 bytes'],
  ['limits: { concurrency: 0 }', 'limits.concurrency: write a whole number from 1 to 1000000'],
  ['limits: { concurrency: 1.5 }', 'limits.concurrency: write a whole number from 1 to 1000000'],
  ['rateLimit: { enabled: yes }', 'rateLimit.enabled: write true or false'],
  ['audit: { survive: all }', 'audit.survive: write process-crash or power-loss'],
  ['nats: { servers: [] }', 'nats.servers: is empty: give at least one URL'],
  [
    'publicUrl: ftp://x',
    'publicUrl: is not a URL such as https://sts.example.com: no user, query or fragment',
  ],
  [
    'store: { jetstream: { bucket: a.b } }',
    'store.jetstream.bucket: is not a valid bucket name: use letters, digits, - and _ (64 at most)',
  ],
  [
    'sealingKey: c2VjcmV0',
    'sealingKey: is not 32 bytes in base64: make one with openssl rand -base64 32',
  ],
  ['rotator: { lease: 0s }', 'rotator.lease: must be between 1s and 10m'],
  ['issuer: x', 'issuer: unknown key (did you mean "issuers"?)'],
] as const)('"%s" is refused with what to write', ([more, problem]) => {
  using directory = configDirectory();
  expect(directory.problems(yaml({ more }))).toEqual([`5 ${problem}`]);
});

test.for([
  ['nats: { servers: ["nats://user:pass@127.0.0.1:4222"] }', 'pass'],
  ['nats: { servers: ["http://127.0.0.1:4222"] }', 'http'],
] as const)(
  'a NATS URL with a password or another scheme is refused, and not quoted: %s',
  ([more, quoted]) => {
    using directory = configDirectory();
    const [problem = ''] = directory.problems(yaml({ more }));
    expect(problem).toContain('nats.servers');
    expect(problem).not.toContain(`${quoted}@`);
  },
);

test('listening beyond loopback without TLS or a proxy is refused, with the line and both ways out', () => {
  using directory = configDirectory();
  const [problem, ...others] = directory.problems(yaml({ more: 'listen: { host: 0.0.0.0 }' }));
  expect(others).toEqual([]);
  expect(problem).toMatch(/^5 listen\.host: .*listen\.tls.*listen\.behindProxy/);
  expect(() =>
    directory.load(yaml({ more: 'listen: { host: "::", behindProxy: 10.0.0.1 }' })),
  ).not.toThrow();
  expect(() => directory.load(yaml({ more: 'listen: { host: "::1" }' }))).not.toThrow();
});

test('TLS files that are not there are named, and nothing else is concluded from that', () => {
  using directory = configDirectory();
  const problems = (tls: string) =>
    directory.problems(yaml({ more: `listen: { host: 0.0.0.0, tls: ${tls} }` }));
  directory.write('tls.key', 'x');
  const missing = [expect.stringMatching(/^5 listen\.tls\.cert: .*none\.crt does not exist$/)];
  expect(problems('{ cert: none.crt, key: tls.key }')).toEqual(missing);
  expect(problems('{ cert: { file: none.crt }, key: tls.key }')).toEqual(missing);
});

test.for([
  [
    'the identity key of the account',
    account.seed(),
    /identity key.*nsc edit account --sk generate/,
  ],
  ['the seed of a user', createKeyPair('user').seed(), /is not an account's seed/],
  ['a public key', signingKey.publicKey, /is not an nkey seed/],
  ['a damaged seed', `${signingKey.seed().slice(0, -1)}_`, /is not an nkey seed/],
] as const)('%s is no signing key, and is not shown', ([, seed, message]) => {
  using directory = configDirectory();
  const problems = directory.problems(yaml(), { SEED: seed }).join('\n');
  expect(problems).toMatch(message);
  expect(problems).not.toContain(seed);
});

test('a key may be tied to a role, which must exist', () => {
  using directory = configDirectory();
  const accounts = (role: string) =>
    ACCOUNTS.replace('{ env: SEED }', `{ seed: { env: SEED }, role: ${role} }`);
  expect(
    directory.load(yaml({ accounts: accounts('publisher') })).accounts[0]?.signingKeys,
  ).toEqual([{ seed: signingKey.seed(), role: 'publisher' }]);
  expect(directory.problems(yaml({ accounts: accounts('publish') }))).toEqual([
    '1 accounts.APP.signingKeys[0].role: there is no role "publish" (did you mean "publisher"?)',
  ]);
});

test('a seed in the file itself works, with a warning that does not show it', () => {
  using directory = configDirectory();
  const accounts = ACCOUNTS.replace('{ env: SEED }', signingKey.seed());
  const { warnings } = directory.load(yaml({ accounts }));
  expect(warnings).toMatchObject([{ id: 'secret-inline', path: 'accounts.APP.signingKeys[0]' }]);
  expect(JSON.stringify(warnings)).not.toContain(signingKey.seed());
});

test('a secret file that other users may read is warned of; one of mode 600 is not', () => {
  using directory = configDirectory();
  const file = directory.write('key.nk', `${signingKey.seed()}\n`);
  const accounts = ACCOUNTS.replace('{ env: SEED }', '{ file: ./key.nk }');
  expect(directory.load(yaml({ accounts })).warnings).toEqual([]);
  chmodSync(file, 0o640);
  const config = directory.load(yaml({ accounts }));
  expect(config.warnings).toMatchObject([{ id: 'secret-file-shared', line: 1 }]);
  expect([...config.files.keys()]).toContain(file);
});

test('two entries with the same issuer are refused: a token leads to one', () => {
  using directory = configDirectory();
  const issuers = `issuers:
  one: { preset: google, audience: a }
  two: { issuer: "https://accounts.google.com", audience: b }
  dev: { issuer: "https://id.example.com", audience: c }`;
  expect(directory.problems(yaml({ issuers }))).toEqual([
    '4 issuers.two: has the same issuer as "one": keep one of them (audience and kinds accept lists)',
  ]);
});

test.for([
  ['a missing file', (path: string) => join(path, 'none.yaml'), 'does not exist'],
  ['a directory', (path: string) => path, 'is not a regular file'],
] as const)('%s is a problem, not a fault', ([, file, message]) => {
  using directory = configDirectory();
  expect(() => loadConfig(file(directory.path), { env: {} })).toThrowError(
    expect.objectContaining({ name: 'InvalidInput', problems: [{ path: '', message }] }),
  );
});

test('a file of more than 1 MiB is refused unread', () => {
  using directory = configDirectory();
  expect(directory.problems(`# ${'x'.repeat(1024 * 1024)}`)).toEqual(['- : is larger than 1 MiB']);
});

test('files behind links are read, as Kubernetes mounts them', () => {
  using directory = configDirectory();
  mkdirSync(join(directory.path, 'data'));
  directory.write('data/seed', signingKey.seed());
  symlinkSync('data/seed', join(directory.path, 'seed'));
  const accounts = ACCOUNTS.replace('{ env: SEED }', '{ file: seed }');
  expect(directory.load(yaml({ accounts })).accounts[0]?.signingKeys).toHaveLength(1);
});

const KEYS = [
  'listen',
  'nats',
  'accounts',
  'issuers',
  'roles',
  'bindings',
  'env',
  'file',
  'APP',
  'dev',
  'publicKey',
  'signingKeys',
  'preset',
  'issuer',
  'audience',
  'match',
  'when',
  'account',
  'publish',
  'allow',
  'maxTtl',
  'name',
  'sub',
  'regex',
  'not',
  'all',
  '__proto__',
  'constructor',
];
const WORDS = [
  ...KEYS,
  'github-actions',
  'entra',
  'okta',
  'APP',
  'publisher',
  '15m',
  '64KiB',
  'https://x.example',
  '{{claims.x}}.>',
  'claims.x == 1',
  '(',
  '../../etc/passwd',
  '/dev/zero',
  account.publicKey,
];

test('whatever the values are, loading ends with a configuration or InvalidInput', () => {
  using directory = configDirectory();
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      fc.oneof(
        fc.constantFrom(...WORDS),
        fc.string(),
        fc.double(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
      ),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc
        .array(fc.tuple(fc.oneof(fc.constantFrom(...KEYS), fc.string()), tie('tree')), {
          maxLength: 6,
        })
        .map((members) => Object.fromEntries(members)),
    ),
  }));
  const whole = fc.record(
    {
      accounts: tree,
      issuers: tree,
      roles: tree,
      bindings: tree,
      listen: tree,
      nats: tree,
      admin: tree,
      store: tree,
      limits: tree,
    },
    { requiredKeys: [] },
  );
  const check = () =>
    fc.assert(
      fc.property(fc.oneof(tree, whole), (value) =>
        onlyInvalidInput(() => directory.load(stringify(value))),
      ),
      { numRuns: 400 },
    );
  expect(check).not.toThrow();
});

test('whatever the text is, loading ends with a configuration or InvalidInput', () => {
  using directory = configDirectory();
  const pieces = fc.array(
    fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a',
      '*a',
      '!',
      '|',
      '"',
      '\t',
      '#',
      '%',
      '---\n',
      '<<',
      '?',
      ',',
      "'",
      '\\',
      '\u0000',
      '\ufeff',
    ),
    { maxLength: 60 },
  );
  const check = () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces.map((all) => all.join('')),
        ),
        (text) => onlyInvalidInput(() => directory.load(text)),
      ),
      { numRuns: 600 },
    );
  expect(check).not.toThrow();
});

test('one changed, missing or doubled value in a good file still ends with a configuration or InvalidInput', () => {
  using directory = configDirectory();
  const login = 'login: { clientId: a, privateKey: x, title: Acme, session: 8h }, audience';
  const good = yaml({
    issuers: ISSUERS.replace('audience', login),
    roles: ROLES,
    more: 'sealingKey: { env: SEED }\nbranding: { name: Acme, logo: sts.yaml }',
  });
  const check = () =>
    fc.assert(
      fc.property(
        fc.nat(good.length),
        fc.nat(20),
        fc.constantFrom('', ...WORDS),
        (at, length, word) =>
          onlyInvalidInput(() =>
            directory.load(good.slice(0, at) + word + good.slice(at + length)),
          ),
      ),
      { numRuns: 600 },
    );
  expect(check).not.toThrow();
});

/** Anything else that is thrown fails the test, and so does a message that shows the seed. */
function onlyInvalidInput(load: () => unknown): boolean {
  try {
    load();
    return true;
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.problems.length > 0 && !error.message.includes(signingKey.seed());
  }
}
