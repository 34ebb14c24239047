import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ACCOUNTS, configDirectory, signingKey, yaml } from '../config/fixture.ts';
import { natsSts } from './command-line.ts';

beforeEach(() => void vi.stubEnv('SEED', signingKey.seed()));
afterEach(() => vi.unstubAllEnvs());

const CONFIG = yaml({
  accounts: ACCOUNTS,
  roles: `
roles:
  publisher: { account: APP, publish: { allow: ["orders.{{claims.team}}.>"] }, maxTtl: 15m }
  reader: { account: APP, subscribe: { allow: ["orders.>"], deny: ["orders.secret.>"] } }
`,
  bindings: `
bindings:
  - { name: alices, issuer: dev, match: { sub: alice, team: [a, b] }, roles: [publisher, reader] }
  - { name: readers, issuer: dev, match: { sub: bob }, roles: [reader] }
`,
});

const ALICE = 'issuer: dev, claims: { sub: alice, team: a }';

/** Runs these cases, each the inside of a YAML mapping, against the policy above. */
async function judge(...cases: readonly string[]) {
  using directory = configDirectory();
  const config = directory.write('sts.yaml', CONFIG);
  const lines = cases.map((inside, index) => `  - { name: case ${index}, ${inside} }\n`);
  const file = directory.write('policy.test.yaml', `cases:\n${lines.join('')}`);
  const ran = await natsSts('test', '-c', config, file);
  return { ...ran, out: ran.out.replaceAll(file, 'FILE'), err: ran.err.replaceAll(file, 'FILE') };
}

test('the examples hold', async () => {
  vi.stubEnv('APP_SIGNING_KEY', signingKey.seed());
  const { exitCode, out } = await natsSts(
    'test',
    '-c',
    'examples/sts.yaml',
    'examples/policy.test.yaml',
  );
  expect(out).toMatch(/^7 passed, 0 failed$/m);
  expect(exitCode).toBe(0);
  const checked = await natsSts('check', '--strict', '-c', 'examples/sts.yaml');
  expect(checked).toMatchObject({ exitCode: 0, err: '' });
});

describe('a case passes when the decision is as expected', () => {
  test.each([
    ['role', `${ALICE}, expect: { role: publisher }`],
    ['binding', `${ALICE}, expect: { role: publisher, binding: alices }`],
    ['lifetime', `${ALICE}, expect: { role: publisher, ttl: 15m }`],
    [
      'a shorter lifetime that is asked for',
      `${ALICE}, ask: { ttl: 5m }, expect: { role: publisher, ttl: 300s }`,
    ],
    ['publish', `${ALICE}, expect: { role: publisher, publish: [orders.a.>], subscribe: [] }`],
    [
      'subscribe with what is denied',
      `${ALICE}, ask: { role: reader }, expect: { role: reader, subscribe: { allow: [orders.>], deny: [orders.secret.>] } }`,
    ],
    ['the account asked for', `${ALICE}, ask: { account: APP }, expect: { role: publisher }`],
    ['a denial', `issuer: dev, claims: { sub: eve, team: a }, expect: { denied: no_binding }`],
    [
      'the claim that failed',
      `issuer: dev, claims: { sub: alice, team: c }, expect: { denied: no_binding, failed: team }`,
    ],
    [
      'a claim that is null, as a missing one',
      `issuer: dev, claims: { sub: alice, team: null }, expect: { denied: no_binding, failed: team }`,
    ],
    [
      'a list without its nulls',
      `issuer: dev, claims: { sub: alice, team: [null, a] }, expect: { role: publisher, publish: [orders.a.>] }`,
    ],
    [
      'a number beyond 2^53, which matches nothing',
      `issuer: dev, claims: { sub: alice, team: [a, 9007199254740993] }, expect: { denied: no_binding, failed: team }`,
    ],
    [
      'a role not allowed',
      `issuer: dev, claims: { sub: bob }, ask: { role: publisher }, expect: { denied: role_not_allowed }`,
    ],
    [
      'claims that name nobody',
      `issuer: dev, claims: { team: a }, expect: { denied: claim_missing }`,
    ],
    [
      'an actor who may take the role, too',
      `${ALICE}, actor: { issuer: dev, claims: { sub: bob } }, expect: { role: reader, binding: alices }`,
    ],
    [
      'an actor who may not',
      `issuer: dev, claims: { sub: bob }, actor: { issuer: dev, claims: { sub: eve } }, expect: { denied: actor_not_allowed }`,
    ],
  ])('%s', async (_, inside) => {
    const { exitCode, out } = await judge(inside);
    expect(out).toBe('ok     case 0\n1 passed, 0 failed\n');
    expect(exitCode).toBe(0);
  });
});

describe('a case fails, and says what came out instead, when it differs in', () => {
  test.each([
    ['role', `${ALICE}, expect: { role: reader }`, 'role: expected "reader", got "publisher"'],
    [
      'binding',
      `${ALICE}, expect: { role: publisher, binding: bobs }`,
      'binding: expected "bobs", got "alices"',
    ],
    ['lifetime', `${ALICE}, expect: { role: publisher, ttl: 5m }`, 'ttl: expected "5m", got "15m"'],
    [
      'a subject missing',
      `${ALICE}, expect: { role: publisher, publish: [orders.a.>, x] }`,
      'publish: expected ["orders.a.>","x"], got ["orders.a.>"]',
    ],
    [
      'a subject too many',
      `${ALICE}, expect: { role: publisher, publish: [] }`,
      'publish: expected [], got ["orders.a.>"]',
    ],
    [
      'a denied subject that a plain list leaves out',
      `issuer: dev, claims: { sub: bob }, expect: { role: reader, subscribe: [orders.>] }`,
      'subscribe deny: expected [], got ["orders.secret.>"]',
    ],
    [
      'a grant where a denial is expected',
      `${ALICE}, expect: { denied: no_binding }`,
      'expected the denial no_binding, but "alices" granted the role publisher',
    ],
    [
      'a denial where a grant is expected',
      `issuer: dev, claims: { sub: alice, team: c }, expect: { role: publisher }`,
      'expected the role publisher, but it was denied: no_binding; the closest binding is "alices", where team failed',
    ],
    [
      'the reason of the denial',
      `issuer: dev, claims: { sub: eve }, expect: { denied: role_not_allowed }`,
      'denied: expected "role_not_allowed", got "no_binding"',
    ],
    [
      'the claim that fails',
      `issuer: dev, claims: { sub: alice, team: c }, expect: { denied: no_binding, failed: sub }`,
      'expected sub to fail in the closest binding, but team did',
    ],
    [
      'claims that name nobody',
      `issuer: dev, claims: { team: a }, expect: { role: publisher }`,
      'expected the role publisher, but the identity was rejected: claim_missing',
    ],
    [
      'an issuer that is not there',
      `issuer: deb, claims: { sub: alice }, expect: { denied: issuer_unknown }`,
      'there is no issuer "deb" in the configuration (did you mean "dev"?)',
    ],
    [
      "an actor's issuer that is not there",
      `${ALICE}, actor: { issuer: nowhere, claims: {} }, expect: { denied: no_binding }`,
      'actor: there is no issuer "nowhere"',
    ],
  ])('%s', async (_, inside, difference) => {
    const { exitCode, out } = await judge(inside, `${ALICE}, expect: { role: publisher }`);
    expect(out).toContain('FAIL   case 0  FILE:2\n');
    expect(out).toContain(`\n       ${difference}`);
    expect(out).toMatch(/^ok {5}case 1\n1 passed, 1 failed$/m);
    expect(exitCode).toBe(1);
  });
});

test('a case is decided like in the service: a role whose scoped key cannot carry a value is a denial', async () => {
  using directory = configDirectory();
  const scoped = CONFIG.replace(
    'signingKeys: [{ env: SEED }]',
    'signingKeys: [{ seed: { env: SEED }, role: publisher }, { env: OTHER }]',
  );
  vi.stubEnv('OTHER', signingKey.seed());
  const config = directory.write('sts.yaml', scoped.replace('team: [a, b]', 'team: Upper'));
  const cases = `cases: [{ name: upper, issuer: dev, claims: { sub: alice, team: Upper }, expect: { denied: template_value_unsafe } }]`;
  const { out } = await natsSts('test', '-c', config, directory.write('t.yaml', cases));
  expect(out).toContain('1 passed');
});

test('a line of JSON a case, under --json', async () => {
  using directory = configDirectory();
  const config = directory.write('sts.yaml', CONFIG);
  const cases = `cases:\n  - { name: "esc \\e", ${ALICE}, expect: { role: reader } }\n`;
  const file = directory.write('t.yaml', cases);
  const { exitCode, out } = await natsSts('test', '--json', '-c', config, file);
  expect(exitCode).toBe(1);
  expect(out).not.toContain('\u001b');
  expect(JSON.parse(out)).toEqual({
    name: 'esc \u001b',
    place: `${file}:2`,
    differences: ['role: expected "reader", got "publisher"'],
  });
});

describe('a file that is not a list of cases shows every problem with its line, and exits with 4', () => {
  test.each([
    [
      'an unknown key',
      `${ALICE}, expct: {}`,
      /line 2: cases\[0\]\.expct: unknown key \(did you mean "expect"/,
    ],
    ['a missing key', ALICE, /line 2: cases\[0\]\.expect: is missing/],
    [
      'neither grant nor denial',
      `${ALICE}, expect: { binding: x }`,
      /cases\[0\]\.expect: has neither or both of role and denied: write either `role: NAME`/,
    ],
    ['both', `${ALICE}, expect: { role: a, denied: no_binding }`, /write either `role: NAME`/],
    [
      'a reason that does not exist',
      `${ALICE}, expect: { denied: no_bindings }`,
      /cases\[0\]\.expect\.denied: is not a reason for a denial \(did you mean "no_binding"/,
    ],
    [
      'a word of a grant in a denial',
      `${ALICE}, expect: { denied: no_binding, publish: [] }`,
      /cases\[0\]\.expect\.publish: works only with `role`/,
    ],
    [
      'a word of a denial in a grant',
      `${ALICE}, expect: { role: a, failed: team }`,
      /cases\[0\]\.expect\.failed: works only with `denied`/,
    ],
    [
      'a lifetime without a unit',
      `${ALICE}, ask: { ttl: 300 }, expect: { role: a }`,
      /ask\.ttl: has no unit: write 5m/,
    ],
  ])('%s', async (_, inside, message) => {
    const { exitCode, out, err } = await judge(inside, 'rubbish: 1');
    expect(exitCode).toBe(4);
    expect(err).toMatch(message);
    expect(err).toMatch(/line 3: cases\[1\]/);
    expect(out).toBe('');
  });

  test.each([
    ['no case', 'cases: []', /cases: is empty/],
    ['no YAML', 'cases: [', /line 1: /],
  ])('%s', async (_, text, message) => {
    using directory = configDirectory();
    const config = directory.write('sts.yaml', CONFIG);
    const { exitCode, err } = await natsSts('test', '-c', config, directory.write('t.yaml', text));
    expect(exitCode).toBe(4);
    expect(err).toMatch(message);
  });

  test('of all files at once', async () => {
    using directory = configDirectory();
    const config = directory.write('sts.yaml', CONFIG);
    const broken = directory.write('broken.yaml', 'cases: 1');
    const { exitCode, err } = await natsSts('test', '-c', config, broken, '/nowhere/t.yaml');
    expect(exitCode).toBe(4);
    expect(err).toContain('broken.yaml: 1 problem');
    expect(err).toMatch(/\/nowhere\/t\.yaml: 1 problem\n {2}does not exist/);
  });
});
