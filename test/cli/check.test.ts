import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { account, configDirectory, signingKey, yaml } from '../config/fixture.ts';
import { natsSts, natsStsAt } from './command-line.ts';

beforeEach(() => void vi.stubEnv('SEED', signingKey.seed()));
afterEach(() => vi.unstubAllEnvs());

/** A configuration with no fault, one role of each kind of signing, two warnings and one note. */
const ROLES = `
accounts:
  APP: { publicKey: ${account.publicKey}, signingKeys: [{ seed: { env: SEED }, role: tied }, { env: SEED }] }
roles:
  tied: { account: APP, publish: { allow: ["a.{{claims.team}}"] } }
  plain: { account: APP, subscribe: { allow: ["_INBOX.>"] } }
  double: { account: APP, publish: { allow: ["a.{{claims.team}}{{claims.unit}}"] } }
bindings:
  - { name: all, issuer: dev, match: { sub: alice }, roles: [tied, plain, double] }
  - { name: by name, issuer: dev, match: { preferred_username: bob }, roles: [plain] }
issuers: { dev: { issuer: https://id.example.com, audience: nats-sts } }
`;
const FAULTY = yaml({
  roles: 'roles: { publisher: { account: APQ, publish: { allow: ["orders..x"] } } }',
  more: 'listn: { port: 1 }',
});

function privateKeyPem(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' });
}

describe('a valid configuration', () => {
  test('says for each role how it is signed, and why', async () => {
    using directory = configDirectory();
    const { exitCode, out } = await natsSts('check', '-c', directory.write('sts.yaml', ROLES));
    expect(exitCode).toBe(0);
    const rows = out.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows).toContainEqual(['ROLE', 'ACCOUNT', 'SIGNING', 'WHY']);
    expect(rows).toContainEqual(['tied', 'APP', 'scoped', 'a signing key is tied to this role']);
    expect(rows).toContainEqual(['plain', 'APP', 'direct', 'no signing key is tied to this role']);
    expect(rows).toContainEqual([
      'double',
      'APP',
      'direct',
      'it could not be scoped: "a.{{claims.team}}{{claims.unit}}" has two references in one subject token',
    ]);
    expect(out).toMatch(/^valid: 1 issuer, 3 roles, 2 bindings, 2 warnings, 1 note$/m);
  });

  test('says of managed accounts who makes their keys, how often, and which roles have their own', async () => {
    using directory = configDirectory();
    vi.stubEnv('SEALING_KEY', Buffer.alloc(32, 1).toString('base64'));
    const managed = `${ROLES.replace(
      /signingKeys: .*\]/,
      'rotation: { every: 7d }',
    )}\nsealingKey: { env: SEALING_KEY }`;
    const file = directory.write('sts.yaml', managed);
    const { exitCode, out } = await natsSts('check', '-c', file);
    expect(exitCode).toBe(0);
    const rows = out.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows).toContainEqual(['ACCOUNT', 'KIND', 'SIGNING KEYS', 'ROTATION']);
    expect(rows).toContainEqual([
      'APP',
      'managed',
      'created by nats-sts rotator',
      'every 7d, grace 5m, on change: drain',
    ]);
    expect(rows).toContainEqual([
      'tied',
      'APP',
      'scoped',
      'it has its own signing keys; identities whose value is a list or has upper-case letters are refused',
    ]);
    expect(rows).toContainEqual(['plain', 'APP', 'scoped', 'it has its own signing keys']);
    expect(rows).toContainEqual([
      'double',
      'APP',
      'direct',
      'it cannot be scoped: "a.{{claims.team}}{{claims.unit}}" has two references in one subject token',
    ]);
    const { roles } = JSON.parse((await natsSts('check', '--json', '-c', file)).out) as {
      roles: { name: string; scope?: object }[];
    };
    expect(roles.find(({ name }) => name === 'tied')?.scope).toMatchObject({
      template: { pub: { allow: ['a.{{tag(team)}}'] }, sub: { deny: ['>'] } },
      tags: { team: 'claims.team' },
    });
    expect(roles.find(({ name }) => name === 'double')).not.toHaveProperty('scope');
  });

  test('tells what is probably not meant, with its line, its path and its name', async () => {
    using directory = configDirectory();
    const { out } = await natsSts('check', '-c', directory.write('sts.yaml', ROLES));
    expect(out).toMatch(
      /^warning {2}line 10: bindings\[1\].*preferred_username.*\[mutable-claim\]$/m,
    );
    expect(out).toMatch(/^note {5}line 6: roles\.plain\.subscribe.*\[shared-inbox\]$/m);
  });

  test('fails under --strict for a warning, and not for a note', async () => {
    using directory = configDirectory();
    const warned = await natsSts('check', '--strict', '-c', directory.write('a.yaml', ROLES));
    expect(warned.exitCode).toBe(1);
    expect(warned.err).toContain('--strict');
    const noted = ROLES.replace('preferred_username: bob', 'sub: bob').replace(
      '{ seed: { env: SEED }, role: tied }, ',
      '',
    );
    const fine = await natsSts('check', '--strict', '-c', directory.write('b.yaml', noted));
    expect(fine.out).toContain('0 warnings, 1 note');
    expect(fine.exitCode).toBe(0);
  });

  test('is one JSON document under --json', async () => {
    using directory = configDirectory();
    const file = directory.write('sts.yaml', ROLES);
    const { exitCode, out } = await natsSts('check', '--json', '-c', file);
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      valid: true,
      bindings: 2,
      warnings: [
        { id: 'mutable-claim', level: 'warning', line: 10 },
        { id: 'scoped-unverified', level: 'warning', line: 3 },
        { id: 'shared-inbox', level: 'note', line: 6 },
      ],
      accounts: [{ name: 'APP', kind: 'external', signingKeys: 2, rotation: null }],
      roles: [
        { name: 'tied', signing: 'scoped', maxTtlSeconds: 3600 },
        { name: 'plain', signing: 'direct' },
        { name: 'double', signing: 'direct' },
      ],
    });
  });

  test('says where people sign in, and not with which secret', async () => {
    using directory = configDirectory();
    vi.stubEnv('SEALING_KEY', Buffer.alloc(32, 1).toString('base64'));
    vi.stubEnv('CLIENT_SECRET', 'not-to-be-shown');
    directory.write('key.pem', privateKeyPem());
    const issuers = `issuers:
  dev: { issuer: https://id.example.com, audience: nats-sts, login: { clientId: sts, title: Acme, session: 90m } }
  two: { issuer: https://two.example.com, audience: nats-sts, login: { clientId: sts-2, redirectPath: /login/callback/two, clientSecret: { env: CLIENT_SECRET } } }
  three: { issuer: https://three.example.com, audience: nats-sts, login: { clientId: sts-3, redirectPath: /login/callback/three, privateKey: { file: key.pem }, keyId: k1 } }
publicUrl: https://sts.example.com/
sealingKey: { env: SEALING_KEY }`;
    const file = directory.write('sts.yaml', ROLES.replace(/issuers: .*/, issuers));
    const { out } = await natsSts('check', '-c', file);
    const rows = out.split('\n').map((line) => line.split(/ {2,}/));
    const url = 'https://sts.example.com/login/callback';
    expect(rows).toContainEqual([
      'LOGIN',
      'TITLE',
      'CLIENT',
      'PROVES ITSELF BY',
      'SESSION',
      'REDIRECT URI',
    ]);
    expect(rows).toContainEqual(['dev', 'Acme', 'sts', 'nothing (PKCE alone)', '1h30m', url]);
    expect(rows).toContainEqual(['two', 'two', 'sts-2', 'client secret', '8h', `${url}/two`]);
    expect(rows).toContainEqual([
      'three',
      'three',
      'sts-3',
      'private key, ES256, k1',
      '8h',
      `${url}/three`,
    ]);
    expect(out).toMatch(/^valid: 3 issuers, 3 roles, 2 bindings, 3 logins, /m);
    const json = await natsSts('check', '--json', '-c', file);
    expect(JSON.parse(json.out)).toMatchObject({
      logins: [
        { issuer: 'dev', title: 'Acme', clientId: 'sts', authentication: 'none', redirectUri: url },
        { issuer: 'two', authentication: 'secret', sessionSeconds: 8 * 3600 },
        { issuer: 'three', authentication: 'private_key_jwt', redirectUri: `${url}/three` },
      ],
    });
    expect(out + json.out).not.toContain('not-to-be-shown');
  });

  test('is coloured at a terminal', async () => {
    using directory = configDirectory();
    const file = directory.write('sts.yaml', ROLES);
    const { out } = await natsStsAt({ colours: true }, 'check', '-c', file);
    expect(out).toContain('\u001b[32mvalid\u001b[39m');
  });
});

describe('a configuration that cannot be used', () => {
  test('shows every problem at once, each with its line and path, and exits with 4', async () => {
    using directory = configDirectory();
    const file = directory.write('sts.yaml', FAULTY);
    const { exitCode, out, err } = await natsSts('check', '-c', file);
    expect(exitCode).toBe(4);
    expect(out).toBe('');
    expect(err).toContain(`${file}: 3 problems`);
    expect(err).toMatch(/^ {2}line 3: roles\.publisher\.account: .*did you mean "APP"/m);
    expect(err).toMatch(/^ {2}line 3: roles\.publisher\.publish\.allow\[0\]: /m);
    expect(err).toMatch(/^ {2}line 5: listn: unknown key \(did you mean "listen"\?\)/m);
  });

  test('is a JSON document with the problems under --json', async () => {
    using directory = configDirectory();
    const file = directory.write('sts.yaml', FAULTY);
    const { exitCode, out, err } = await natsSts('check', '--json', '-c', file);
    expect(exitCode).toBe(4);
    expect(err).toBe('');
    const { valid, problems } = JSON.parse(out) as { valid: boolean; problems: object[] };
    expect(valid).toBe(false);
    expect(problems).toHaveLength(3);
    expect(problems).toContainEqual(expect.objectContaining({ path: 'listn', line: 5 }));
  });

  test('cannot send escape sequences to the terminal', async () => {
    using directory = configDirectory();
    const file = directory.write('sts.yaml', yaml({ more: '"a\\e[2J\\u202e": 1' }));
    const { exitCode, err } = await natsSts('check', '-c', file);
    expect(exitCode).toBe(4);
    expect(err).toContain(String.raw`a\u001b[2J\u202e`);
    expect(err).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  });

  test('may also be one that is not there, or not named at all', async () => {
    const missing = await natsSts('check', '-c', '/nowhere/sts.yaml');
    expect(missing).toMatchObject({ exitCode: 4, err: expect.stringContaining('does not exist') });
    vi.stubEnv('STS_CONFIG', undefined);
    const unnamed = await natsSts('check');
    expect(unnamed).toMatchObject({ exitCode: 2, err: expect.stringContaining('STS_CONFIG') });
  });
});

test('the configuration may be named by STS_CONFIG', async () => {
  using directory = configDirectory();
  vi.stubEnv('STS_CONFIG', directory.write('sts.yaml', ROLES));
  expect(await natsSts('check')).toMatchObject({ exitCode: 0 });
});
