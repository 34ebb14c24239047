import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Claims } from '../../src/identity/identity.ts';
import { formatCreds } from '../../src/nats/creds.ts';
import { encodeJwt } from '../../src/nats/jwt.ts';
import { createKeyPair, type KeyPair } from '../../src/nats/key-pair.ts';
import { operator, type OperatorBody } from '../support/operator-body.ts';
import { directUser } from '../../src/nats/user-claims.ts';
import { identity } from '../policy/support.ts';
import { ACCOUNTS, account, type ConfigDirectory, configDirectory, yaml } from './fixture.ts';

/** What it takes to manage accounts: sealing keys, the operator, the system account, administrators. */

const identityKey = createKeyPair('operator');
const operatorKey = createKeyPair('operator');
const systemAccount = createKeyPair('account');
const KEY = Buffer.alloc(32, 7);

const MANAGED = `accounts: { APP: { publicKey: ${account.publicKey} } }`;

function operatorJwt(body: Partial<OperatorBody> = {}, signer: KeyPair = identityKey): string {
  const nats = operator({
    signing_keys: [operatorKey.publicKey],
    system_account: systemAccount.publicKey,
    ...body,
  });
  return encodeJwt({
    claims: { sub: identityKey.publicKey, name: 'acme', iat: 1_795_000_000, nats },
    issuerPublicKey: signer.publicKey,
    sign: signer.sign,
  });
}

function creds(accountKey: KeyPair = systemAccount): string {
  const user = createKeyPair('user');
  const nats = directUser({ issuer_account: accountKey.publicKey });
  const jwt = encodeJwt({
    claims: { sub: user.publicKey, iat: 1_795_000_000, nats },
    issuerPublicKey: accountKey.publicKey,
    sign: accountKey.sign,
  });
  return formatCreds({ jwt, seed: user.seed() });
}

interface Changes {
  readonly operator?: string | undefined;
  readonly operatorKey?: string;
  readonly creds?: string;
  readonly nats?: string;
  readonly sealingKey?: string;
  readonly more?: string;
  readonly accounts?: string;
  readonly issuers?: string;
}

/** A configuration that manages the account APP, and its files. */
function managed(directory: ConfigDirectory, changes: Changes = {}) {
  directory.write('operator.jwt', changes.operator ?? operatorJwt());
  directory.write('sys.creds', changes.creds ?? creds());
  const {
    nats = 'nats: { system: { creds: ./sys.creds }, operator: { file: ./operator.jwt }, operatorSigningKey: { env: OPERATOR_KEY } }',
    sealingKey = 'sealingKey: { env: SEALING_KEY }',
    more = 'admin: [{ issuer: dev, match: { groups: operators } }]',
    accounts = MANAGED,
  } = changes;
  return {
    text: yaml({
      accounts,
      more: [nats, sealingKey, more].join('\n'),
      ...(changes.issuers !== undefined && { issuers: changes.issuers }),
    }),
    env: {
      OPERATOR_KEY: changes.operatorKey ?? operatorKey.seed(),
      SEALING_KEY: KEY.toString('base64'),
    },
  };
}

function load(changes: Changes = {}) {
  using directory = configDirectory();
  const { text, env } = managed(directory, changes);
  return { config: directory.load(text, env), directory: directory.path };
}

function problems(changes: Changes): string[] {
  using directory = configDirectory();
  const { text, env } = managed(directory, changes);
  return directory.problems(text, env).map((problem) => problem.replace(/^\S+ /, ''));
}

function idsOf(changes: Changes): string[] {
  const { warnings } = load(changes).config;
  return warnings.map(({ id, level, path }) => `${level} ${id} ${path}`);
}

test('an account without signing keys is managed, and rotates every 30 days', () => {
  const { config, directory } = load();
  expect(config).toMatchObject({
    nats: {
      system: { credsFile: join(directory, 'sys.creds') },
      operatorSigningKey: operatorKey.seed(),
      operatorJwt: operatorJwt(),
    },
    accounts: [
      {
        kind: 'managed',
        signingKeys: [],
        rotation: { everySeconds: 30 * 86_400, graceSeconds: 300, onChange: 'drain' },
      },
    ],
    sealingKeys: [KEY],
    rotator: { leaseSeconds: 10 },
    admin: [{ name: 'admin[0]', issuer: 'dev', match: { groups: 'operators' } }],
    warnings: [],
  });
});

describe('rotation', () => {
  test('of a managed account may be anything from seconds to months', () => {
    const accounts = (rotation: string) => MANAGED.replace(' } }', `, rotation: ${rotation} } }`);
    const rotationOf = (rotation: string) =>
      load({ accounts: accounts(rotation) }).config.accounts[0]?.rotation;
    expect(rotationOf('{ every: 2s, grace: 1s, onChange: cut }')).toEqual({
      everySeconds: 2,
      graceSeconds: 1,
      onChange: 'cut',
    });
    expect(rotationOf('{ every: 26w }')).toMatchObject({ everySeconds: 26 * 7 * 86_400 });
    expect(problems({ accounts: accounts('{ every: 0s, onChange: wait }') })).toEqual([
      expect.stringContaining('accounts.APP.rotation.every: must be between 1s and'),
      'accounts.APP.rotation.onChange: write drain or cut',
    ]);
  });

  test('of an external account is what is written, and nothing when nothing is', () => {
    const rotationOf = (rotation: string) =>
      load({ accounts: ACCOUNTS.replace('signingKeys', `${rotation} signingKeys`) }).config
        .accounts[0];
    expect(rotationOf('')).not.toHaveProperty('rotation');
    expect(rotationOf('')).toMatchObject({ kind: 'external' });
    expect(rotationOf('rotation: {},')?.rotation).toEqual({ graceSeconds: 300, onChange: 'drain' });
    expect(rotationOf('rotation: { every: 7d },')?.rotation).toMatchObject({
      everySeconds: 7 * 86_400,
    });
  });

  test('that is very frequent, or leaves many keys in the account JWT, is remarked on', () => {
    const ids = (every: string) =>
      idsOf({ accounts: MANAGED.replace(' } }', `, rotation: { every: ${every} } } }`) });
    const at = 'accounts.APP.rotation.every';
    expect(ids('1h')).toEqual([]);
    expect(ids('30m')).toEqual([`note rotation-very-frequent ${at}`]);
    expect(ids('5m')).toEqual([
      `warning rotation-keys-pile-up ${at}`,
      `note rotation-very-frequent ${at}`,
    ]);
  });
});

describe('sealing keys', () => {
  test.each([
    ['base64', KEY.toString('base64')],
    ['base64 without padding', KEY.toString('base64').replace(/=$/, '')],
    ['base64url', Buffer.alloc(32, 0xfb).toString('base64url')],
    ['hexadecimal', KEY.toString('hex')],
  ])('may be written in %s', (_, text) => {
    const { config } = load({ sealingKey: `sealingKey: "${text}"` });
    expect(config.sealingKeys.map((key) => key.length)).toEqual([32]);
    expect(config.warnings).toMatchObject([{ id: 'secret-inline', path: 'sealingKey' }]);
    expect(JSON.stringify(config.warnings)).not.toContain(text);
  });

  test('may be several: the first seals', () => {
    const other = Buffer.alloc(32, 1).toString('base64');
    const { config } = load({ sealingKey: `sealingKey: [{ env: SEALING_KEY }, "${other}"]` });
    expect(config.sealingKeys).toEqual([KEY, Buffer.alloc(32, 1)]);
    expect(config.warnings).toMatchObject([{ id: 'secret-inline', path: 'sealingKey[1]' }]);
  });

  test.each([
    ['31 bytes', Buffer.alloc(31, 9).toString('base64')],
    ['33 bytes', Buffer.alloc(33, 9).toString('base64')],
    ['a passphrase', 'correct horse battery staple'],
    ['two alphabets at once', `${'+_'.repeat(21)}A=`],
    ['hexadecimal that is too short', '09'.repeat(31)],
  ])('of %s are refused, with how to make one and without showing it', (_, text) => {
    const found = [
      ...problems({ sealingKey: `sealingKey: "${text}"` }),
      ...problems({ sealingKey: `sealingKey: [{ env: SEALING_KEY }, "${text}"]` }),
    ];
    expect(found).toEqual([
      expect.stringMatching(/^sealingKey: .*openssl rand -base64 32$/),
      expect.stringMatching(/^sealingKey\[1\]: .*openssl rand -base64 32$/),
    ]);
    expect(found.join()).not.toContain(text);
  });

  test('are needed by managed accounts alone', () => {
    expect(problems({ sealingKey: '' })).toEqual([
      expect.stringMatching(/^accounts\.APP: .*openssl rand -base64 32/),
    ]);
    expect(load({ sealingKey: '', accounts: ACCOUNTS }).config.sealingKeys).toEqual([]);
    // One that can't be read is told once.
    expect(problems({ sealingKey: 'sealingKey: { env: NOWHERE }' })).toEqual([
      'sealingKey: the environment variable NOWHERE is not set',
    ]);
  });
});

describe('the operator signing key', () => {
  const NATS = 'nats: { operatorSigningKey: { env: OPERATOR_KEY }';

  test('is of no use without the system account', () => {
    expect(problems({ nats: `${NATS} }` })).toEqual([
      expect.stringMatching(/^nats\.operatorSigningKey: .*add nats\.system/),
    ]);
    expect(problems({ nats: `${NATS}, system: { creds: { file: none } } }` })).toHaveLength(1);
  });

  test.each([
    ['of an account', account.seed(), /is not an operator's seed.*begins with SO/],
    ['that is none', 'SOAAA', /is not an nkey seed/],
    [
      'of another operator',
      createKeyPair('operator').seed(),
      /is the wrong operator key: O\w{55} does not belong to operator acme \(O/,
    ],
  ])('%s is refused, and not shown', (_, seed, message) => {
    const found = problems({ operatorKey: seed });
    expect(found).toEqual([expect.stringMatching(message)]);
    expect(found.join()).not.toContain(seed);
  });

  test('should not be the identity key of an operator that has signing keys', () => {
    const seed = identityKey.seed();
    expect(idsOf({ operatorKey: seed })).toEqual([
      'warning operator-identity-key nats.operatorSigningKey',
    ]);
    expect(idsOf({ operatorKey: seed, operator: operatorJwt({ signing_keys: [] }) })).toEqual([]);
    const strict = operatorJwt({ strict_signing_key_usage: true });
    expect(problems({ operatorKey: seed, operator: strict })).toEqual([
      expect.stringContaining(`give one of ${operatorKey.publicKey}`),
    ]);
  });

  test('in the file itself is a secret inline', () => {
    const seed = operatorKey.seed();
    const nats = `nats: { operatorSigningKey: ${seed}, operator: { file: ./operator.jwt }, system: { creds: ./sys.creds } }`;
    expect(idsOf({ nats })).toEqual(['warning secret-inline nats.operatorSigningKey']);
  });
});

describe('the operator', () => {
  test('may be decorated as nsc does it', () => {
    const decorated = `-----BEGIN NATS OPERATOR JWT-----\n${operatorJwt()}\n------END NATS OPERATOR JWT------\n\n`;
    expect(load({ operator: decorated }).config.nats.operatorJwt).toBe(operatorJwt());
  });

  test.each([
    ['no JWT', 'x'],
    ['signed by somebody else', operatorJwt({}, operatorKey)],
    ['a user', /BEGIN NATS USER JWT-----\n(.*)\n/.exec(creds())?.[1] ?? ''],
  ])('that is %s is refused', (_, text) => {
    expect(problems({ operator: text })).toContainEqual(
      expect.stringMatching(/^nats\.operator: is not an operator JWT: .*nsc describe/),
    );
  });

  test('should be pinned where account JWTs are signed', () => {
    const nats =
      'nats: { operatorSigningKey: { env: OPERATOR_KEY }, system: { creds: ./sys.creds } }';
    expect(idsOf({ nats })).toEqual(['warning operator-unpinned nats.operatorSigningKey']);
  });
});

describe('the user of the system account', () => {
  test('is read from a file that is there, and is its secret', () => {
    const nats = 'nats: { system: { creds: ./none.creds } }';
    expect(problems({ nats })).toEqual([
      expect.stringMatching(/^nats\.system\.creds: the file .*none\.creds does not exist$/),
    ]);
    using directory = configDirectory();
    const { text, env } = managed(directory);
    directory.write('open.creds', creds(), 0o644);
    const { warnings } = directory.load(text.replace('./sys.creds', './open.creds'), env);
    expect(warnings).toMatchObject([{ id: 'secret-file-shared', path: 'nats.system.creds' }]);
  });

  test.each([
    ['no creds file', 'x', /is not a credentials file/],
    [
      'of another account',
      creds(account),
      /is not in the system account of the operator: .*account A/,
    ],
  ])('that is %s is refused', (_, text, message) => {
    expect(problems({ creds: text })).toEqual([expect.stringMatching(message)]);
  });

  test('alone is fine: it looks into external accounts', () => {
    const tied = ACCOUNTS.replace('{ env: SEED }', '{ seed: { env: SEED }, role: publisher }');
    const system = 'nats: { system: { creds: ./sys.creds } }';
    expect(idsOf({ accounts: tied, nats: system })).toEqual([]);
    expect(idsOf({ accounts: tied, nats: '' })).toEqual([
      'warning scoped-unverified accounts.APP.signingKeys[0]',
    ]);
    const rotating = tied.replace('signingKeys', 'rotation: {}, signingKeys');
    // Rotation finds out who is listed, not with which template.
    expect(idsOf({ accounts: rotating, nats: '' })).toEqual([
      'warning scoped-unverified accounts.APP.signingKeys[0]',
    ]);
  });
});

describe('a process that manages accounts', () => {
  test('may leave the keys to another one', () => {
    expect(idsOf({ nats: '' })).toEqual(['note managed-elsewhere accounts.APP']);
  });

  test('should not have the operator key where strangers come in', () => {
    const behind =
      'admin: [{ issuer: dev, match: { groups: operators } }]\nlisten: { behindProxy: 10.0.0.1 }';
    expect(idsOf({ more: behind })).toEqual([
      'note operator-key-beside-listener nats.operatorSigningKey',
    ]);
  });

  test('has somebody who may administer it', () => {
    expect(idsOf({ more: '' })).toEqual(['note admin-absent accounts.APP']);
    expect(idsOf({ more: '', accounts: ACCOUNTS })).toEqual([]);
  });
});

describe('a rule of who may administer', () => {
  test('has conditions, that can be understood, on an issuer that is there', () => {
    const of = (admin: string) => problems({ more: `admin: [${admin}]` });
    expect(of('{ issuer: dev }')).toEqual([
      expect.stringMatching(/^admin\[0\]\.match: has no condition, so every identity/),
    ]);
    expect(of('{ issuer: dev, match: { sub: { regex: "(" } } }')).toEqual([
      expect.stringMatching(/^admin\[0\]\.match\.sub/),
    ]);
    expect(of('{ issuer: dve, match: { sub: x } }')).toEqual([
      'admin[0].issuer: there is no issuer "dve" (did you mean "dev"?)',
    ]);
  });

  test('may demand an audience of its own, beside its conditions', () => {
    const rule = '{ issuer: dev, audience: sts-admin, match: { groups: operators } }';
    const { administrators } = load({ more: `admin: [${rule}]` }).config;
    const denied = (claims: Claims) =>
      administrators.deny(identity(claims, { issuerName: 'dev' }))?.refusal.reason;
    expect(denied({ groups: 'operators', aud: ['sts-admin', 'x'] })).toBeUndefined();
    expect(denied({ groups: 'operators', aud: 'x' })).toBe('not_admin');
    expect(denied({ groups: 'others', aud: 'sts-admin' })).toBe('not_admin');
  });

  test('has conditions besides its audience, which is said once', () => {
    const of = (admin: string) => problems({ more: `admin: [${admin}]` });
    expect(of('{ issuer: dev, audience: sts-admin }')).toEqual([
      expect.stringMatching(/^admin\[0\]\.match: has no condition, so every identity/),
    ]);
    for (const key of ['aud', '/aud']) {
      expect(of(`{ issuer: dev, audience: a, match: { sub: x, ${key}: b } }`)).toEqual([
        expect.stringMatching(/^admin\[0\]\.match.*: is also set by `audience`/),
      ]);
    }
  });

  test('is warned of at an issuer that takes each token once', () => {
    const issuers =
      'issuers: { dev: { issuer: https://id.example.com, audience: nats-sts, singleUse: true } }';
    expect(idsOf({ issuers })).toEqual(['warning admin-single-use admin[0].issuer']);
  });

  test('has the pitfalls of bindings', () => {
    expect(
      idsOf({ more: 'admin: [{ issuer: dev, match: { preferred_username: jdoe } }]' }),
    ).toEqual(['warning mutable-claim admin[0]']);
  });
});

test('whether a role is scoped is asked of managed accounts only', () => {
  using directory = configDirectory();
  const roles = 'roles: { publisher: { account: APP, signing: direct } }';
  expect(directory.load(yaml({ roles }))).toMatchObject({
    roles: [{ signing: 'direct' }],
    warnings: [{ id: 'signing-without-effect', path: 'roles.publisher.signing' }],
  });
});

test('a JetStream bucket is at the servers of the credentials unless it says otherwise', () => {
  const storeOf = (jetstream: string) =>
    load({
      more: `admin: [{ issuer: dev, match: { a: b } }]\nstore: { sqlite: /var/x.db, jetstream: ${jetstream} }`,
    });
  expect(storeOf('{ bucket: sts }').config.store).toEqual({
    sqliteFile: '/var/x.db',
    jetstream: { bucket: 'sts', servers: ['nats://127.0.0.1:4222'], replicas: 1 },
  });
  const { config, directory } = storeOf(
    '{ bucket: sts, servers: "tls://kv:4222", creds: ./sys.creds, replicas: 3 }',
  );
  expect(config.store.jetstream).toEqual({
    bucket: 'sts',
    servers: ['tls://kv:4222'],
    credsFile: join(directory, 'sys.creds'),
    replicas: 3,
  });
});

describe('limits of an account', () => {
  const limited = (settings: string) => MANAGED.replace(' } }', `, ${settings} } }`);
  const limitsOf = (settings: string) =>
    load({ accounts: limited(settings) }).config.accounts[0]?.limits;

  test('get the names of account JWTs, and only those that are written are managed', () => {
    expect(
      limitsOf(
        'limits: { conn: 100, leaf: 0, payload: 1MiB, data: -1, wildcards: false, disallowBearer: true }, jetstream: { memory: 0, disk: 10GiB, consumers: -1, maxAckPending: 1000, diskMaxStreamBytes: 1GiB, maxBytesRequired: true }',
      ),
    ).toEqual({
      conn: 100,
      leaf: 0,
      payload: 1024 ** 2,
      data: -1,
      wildcards: false,
      disallow_bearer: true,
      mem_storage: 0,
      disk_storage: 10 * 1024 ** 3,
      consumer: -1,
      max_ack_pending: 1000,
      disk_max_stream_bytes: 1024 ** 3,
      max_bytes_required: true,
    });
    expect(limitsOf('jetstream: { tiers: { R1: { disk: 1GiB }, R3: { streams: 3 } } }')).toEqual({
      tiered_limits: { R1: { disk_storage: 1024 ** 3 }, R3: { streams: 3 } },
    });
    expect(limitsOf('limits: {}')).toBeUndefined();
    expect(limitsOf('rotation: {}')).toBeUndefined();
  });

  test('that are not valid are reported, each with its path', () => {
    expect(
      problems({
        accounts: limited(
          'limits: { conn: many, payload: 1000, connections: 5 }, jetstream: { disk: 1GiB, tiers: { R9: { disk: 1GiB } } }',
        ),
      }),
    ).toEqual(
      expect.arrayContaining([
        'accounts.APP.limits.conn: write a whole number from -1 to 2147483647',
        'accounts.APP.limits.payload: is not a size: write 64KiB or 10MB, or -1 for no limit',
        expect.stringContaining('accounts.APP.limits.connections'),
        expect.stringContaining('accounts.APP.jetstream.tiers.R9'),
      ]),
    );
    expect(
      problems({ accounts: limited('jetstream: { disk: 1GiB, tiers: { R3: { disk: 1GiB } } }') }),
    ).toEqual([
      expect.stringContaining('accounts.APP.jetstream: has limits both for all streams and'),
    ]);
  });

  test('of an external account are its operator’s business', () => {
    const accounts = ACCOUNTS.replace(
      'signingKeys',
      'limits: { conn: 5 }, jetstream: { disk: 1GiB }, signingKeys',
    );
    expect(problems({ accounts })).toEqual([
      expect.stringMatching(
        /^accounts\.APP\.limits: works only for managed accounts, .*nsc edit account/,
      ),
      expect.stringMatching(/^accounts\.APP\.jetstream: works only for managed accounts/),
    ]);
  });
});
