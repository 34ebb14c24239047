import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type ConfigDirectory, configDirectory, signingKey, yaml } from '../config/fixture.ts';
import { startIssuer, type TestIssuer } from '../support/issuer.ts';
import { natsSts, natsStsAt, natsStsWithStdin } from './command-line.ts';
import { strangersText } from './strangers-text.ts';

let issuer: TestIssuer;
let directory: ConfigDirectory;
let config: string;

beforeAll(async () => {
  vi.stubEnv('SEED', signingKey.seed());
  issuer = await startIssuer();
  directory = configDirectory();
  config = directory.write('sts.yaml', policy());
});

afterAll(async () => {
  vi.unstubAllEnvs();
  directory[Symbol.dispose]();
  await issuer[Symbol.asyncDispose]();
});

function policy(): string {
  return yaml({
    issuers: `
issuers:
  dev: { issuer: ${issuer.issuer}, audience: nats-sts, allowInsecureHttp: true }
  other: { issuer: https://id.example.com, audience: nats-sts }
`,
    roles: `
roles:
  publisher:
    account: APP
    publish: { allow: ["orders.{{claims.team}}.>", "audit"], deny: ["orders.*.secret"] }
    responses: { max: 1, ttl: 5s }
    limits: { payload: 64KiB }
    sources: [10.0.0.0/8]
    connectionTypes: [WEBSOCKET]
    maxTtl: 15m
  reader: { account: APP, subscribe: { allow: ["orders.>"] } }
`,
    bindings: `
bindings:
  - name: the orders team
    issuer: dev
    match: { team: orders, env: [prod, staging] }
    when: claims.level > 3
    roles: [publisher, reader]
  - { name: readers, issuer: dev, match: { sub: bob }, roles: [reader] }
  - { name: elsewhere, issuer: other, match: { sub: alice }, roles: [reader] }
`,
  });
}

const MEMBER = { sub: 'alice', team: 'orders', env: 'prod', level: 4 };

function token(claims: Record<string, unknown>): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return issuer.token({ iat: now, exp: now + 3600, ...claims });
}

async function explain(claims: Record<string, unknown>, ...more: string[]) {
  return natsSts('explain', '-c', config, '--token', await token(claims), ...more);
}

function explainClaims(claims: object, ...more: string[]) {
  const file = directory.write('claims.json', JSON.stringify(claims));
  return natsSts('explain', '-c', config, '--claims', file, ...more);
}

describe('a token that is granted a role', () => {
  test('shows each condition with what it wants and what it has, and the permissions', async () => {
    const { exitCode, out } = await explain(MEMBER);
    expect(exitCode).toBe(0);
    expect(out).toBe(`alice of dev (${issuer.issuer})

holds  the orders team → publisher, reader
    ✓  team  wants "orders"                  has "orders"
    ✓  env   wants any of "prod", "staging"  has "prod"
    ✓  when  wants claims.level > 3          has {"level":4}

fails  readers → reader
    ✗  sub  wants "bob"  but has "alice"

1 more for other issuers (use --all to show them)

granted  role publisher in account APP, by "the orders team"
         publish       orders.orders.>
                       audit
                       never orders.*.secret
         subscribe     nothing
         responses     1 within 5 s
         payloadBytes  65536
         sources       10.0.0.0/8
         connections   WEBSOCKET
         lifetime      15m
`);
  });

  test('may ask for another one with --role', async () => {
    const { exitCode, out } = await explain(MEMBER, '--role', 'reader');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/granted {2}role reader/);
  });

  test("shows other issuers' bindings with --all", async () => {
    const { out } = await explain(MEMBER, '--all');
    expect(out).toMatch(/fails {2}elsewhere → reader\n {4}✗ {2}issuer {2}wants "other"/);
    expect(out).not.toContain('use --all to show them');
  });

  test('is not cut, however narrow the window is', async () => {
    const subject = await token(MEMBER);
    const args = ['explain', '-c', config, '--token', subject] as const;
    const [narrow, wide] = [await natsStsAt({ columns: 30 }, ...args), await natsSts(...args)];
    expect(narrow.out).toBe(wide.out);
  });
});

describe('a token that is denied', () => {
  test('shows what failed, the nearest binding, and exits with 3', async () => {
    const { exitCode, out, err } = await explain({ ...MEMBER, env: 'dev', level: 2 });
    expect(exitCode).toBe(3);
    expect(err).toBe('');
    expect(out).toMatch(/✓ {2}team +wants "orders" +has "orders"/);
    expect(out).toMatch(/✗ {2}env +wants any of "prod", "staging" +but has "dev"/);
    expect(out).toMatch(/✗ {2}when +wants claims\.level > 3 +but has \{"level":2\} \(.*false\)/);
    expect(out).toMatch(/^denied .*\(no_binding\)\n {8}closest binding: "readers"$/m);
  });

  test('shows a missing claim as none', async () => {
    const { out } = await explain({ sub: 'eve' });
    expect(out).toMatch(/✗ {2}team +wants "orders" +but has none/);
  });

  test('says why it may not have the requested role, even if callers do not see that', async () => {
    const { exitCode, out } = await explain(MEMBER, '--role', 'admin');
    expect(exitCode).toBe(3);
    expect(out).toContain('(role_not_allowed)');
    expect(out).toContain('there is no such role');
  });

  test('is denied for a value that is not safe in a subject, although its conditions hold', async () => {
    const scoped = policy().replace('team: orders,', 'sub: alice,');
    const file = directory.write('unsafe.yaml', scoped);
    const evil = await token({ ...MEMBER, team: 'a.>' });
    const { exitCode, out } = await natsSts('explain', '-c', file, '--token', evil);
    expect(exitCode).toBe(3);
    expect(out).toMatch(/^holds {2}the orders team/m);
    expect(out).toContain('(template_value_unsafe)');
  });

  test('is denied when the grant cannot become a credential', async () => {
    const many = Array.from({ length: 40 }, (_, n) => `"{{claims.team}}.${n}"`).join(', ');
    const wide = policy().replace('team: orders,', 'sub: alice,').replace('"audit"', many);
    const file = directory.write('large.yaml', wide);
    const large = await token({ ...MEMBER, team: 't'.repeat(100) });
    const { exitCode, out } = await natsSts('explain', '-c', file, '--token', large);
    expect(exitCode).toBe(3);
    expect(out).toContain('(credential_too_large)');
  });
});

describe('a token that is not believed', () => {
  test('is refused with the reason, and exits with 3', async () => {
    const { exitCode, out, err } = await explain({ ...MEMBER, aud: 'someone else' });
    expect(exitCode).toBe(3);
    expect(out).toBe('');
    expect(err).toMatch(/the token was rejected: .*someone else.*\(audience_mismatch/);
  });

  test('is one JSON document under --json', async () => {
    const { exitCode, out, err } = await explain({ ...MEMBER, exp: 1 }, '--json');
    expect(exitCode).toBe(3);
    expect(err).toBe('');
    expect(JSON.parse(out)).toMatchObject({ refused: { reason: 'token_expired' } });
  });

  test('exits with 5 while the keys of its issuer cannot be fetched', async () => {
    issuer.behave('jwks', { status: 500 });
    const { exitCode, err } = await explain(MEMBER);
    issuer.behave('jwks', 'normal');
    expect(exitCode).toBe(5);
    expect(err).toContain('issuer_unavailable');
  });
});

describe('--json', () => {
  test('has identity, bindings and grant', async () => {
    const { exitCode, out } = await explain(MEMBER, '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      identity: { issuerName: 'dev', issuer: issuer.issuer, subject: 'alice', verified: true },
      bindings: [
        {
          binding: 'the orders team',
          held: true,
          conditions: [{ on: 'team', seen: 'orders', held: true }, {}, {}],
        },
        { binding: 'readers', held: false },
        { binding: 'elsewhere', held: false, conditions: [{ on: 'issuer' }] },
      ],
      grant: { binding: 'the orders team', role: { name: 'publisher' }, lifetimeSeconds: 900 },
    });
  });

  test('has the denial with its nearest binding', async () => {
    const { out } = await explain({ sub: 'eve' }, '--json');
    expect(JSON.parse(out)).toMatchObject({
      denial: { reason: 'no_binding', nearest: 'readers' },
    });
  });
});

describe('--claims', () => {
  test('asks the policy without verifying, and says why a real token would be rejected', async () => {
    const { exitCode, out } = await explainClaims({ iss: issuer.issuer, aud: 'x', ...MEMBER });
    expect(exitCode).toBe(0);
    expect(out).toContain(', claims not verified\n');
    expect(out).toMatch(
      /^note {2}a real token with these claims would be rejected: .*\(audience_mismatch\)$/m,
    );
    expect(out).toMatch(/^granted {2}role publisher/m);
    const json = await explainClaims({ iss: issuer.issuer, ...MEMBER }, '--json');
    expect(JSON.parse(json.out)).toMatchObject({
      identity: { verified: false },
      rejections: [{ reason: 'claim_missing' }],
    });
  });

  test.each([
    ['9007199254740993', 'beyond 2^53'],
    ['null', 'and never matches'],
  ])('with a level of %s, says why it does not match', async (level, why) => {
    const claims = JSON.stringify({ iss: issuer.issuer, ...MEMBER, level: 'LEVEL' });
    const file = directory.write('claims.json', claims.replace('"LEVEL"', level));
    const { exitCode, out } = await natsSts('explain', '-c', config, '--claims', file);
    expect(exitCode).toBe(3);
    expect(out).toContain(why);
    expect(out).not.toContain('90071992547409');
  });

  test('has no such note for claims that a token could have', async () => {
    const { out } = await explainClaims({ iss: issuer.issuer, aud: 'nats-sts', ...MEMBER });
    expect(out).not.toContain('note');
  });

  test('takes the issuer from --issuer where the claims do not say it', async () => {
    expect(await explainClaims(MEMBER, '--issuer', 'dev')).toMatchObject({ exitCode: 0 });
    const unsaid = await explainClaims(MEMBER);
    expect(unsaid).toMatchObject({ exitCode: 2 });
    expect(unsaid.err).toContain('--issuer: dev, other');
    const wrong = await explainClaims(MEMBER, '--issuer', 'dew');
    expect(wrong).toMatchObject({ exitCode: 2 });
    expect(wrong.err).toContain('(did you mean "dev"?)');
  });

  test('reads stdin', async () => {
    const claims = JSON.stringify({ iss: issuer.issuer, aud: 'nats-sts', ...MEMBER });
    const args = ['explain', '-c', config, '--claims', '-'];
    const { exitCode, out } = await natsStsWithStdin(claims, ...args);
    expect(out).toContain('granted');
    expect(exitCode).toBe(0);
  });

  test.each([
    ['no JSON', '{ "sub": s3cret', 'is not a JSON object of claims'],
    ['a list', '[]', 'is not a JSON object of claims'],
    ['a claim twice', '{"sub":"alice","sub":"bob"}', 'a member name appears twice'],
    ['a number out of range', '{"sub":"alice","level":1e400}', 'a number is out of range'],
    ['claims that name nobody', '{}', 'claim_missing'],
  ])('refuses %s', async (_, text, message) => {
    const file = directory.write('broken.json', text);
    const args = ['explain', '-c', config, '--claims', file, '--issuer', 'dev'];
    const { exitCode, err } = await natsSts(...args);
    expect(exitCode).toBeGreaterThan(0);
    expect(err).toContain(message);
    expect(err).not.toContain('s3cret');
  });

  test.each([
    ['a file that is not there', ['--claims', '/nowhere.json'], 'there is no such file'],
    ['a token beside it', ['--claims', 'x', '--token', 'y'], 'cannot be used with'],
    ['--issuer without it', ['--issuer', 'dev', '--token', 'y'], 'use --issuer only with --claims'],
  ])('with %s is wrong usage', async (_, args, message) => {
    const { exitCode, err } = await natsSts('explain', '-c', config, ...args);
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
  });
});

test("no claim of a stranger's token reaches the terminal as an escape sequence", async () => {
  const active = /[^\P{Cc}\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
  await fc.assert(
    fc.asyncProperty(strangersText(), strangersText(), async (sub, team) => {
      const file = directory.write('strange.json', JSON.stringify({ sub, team }));
      for (const form of [[], ['--json']]) {
        const args = ['explain', '-c', config, '--claims', file, '--issuer', 'dev', ...form];
        const { out, err } = await natsSts(...args);
        expect(out + err).not.toMatch(active);
      }
    }),
    { numRuns: 50 },
  );
});
