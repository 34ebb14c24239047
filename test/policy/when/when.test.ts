import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Claims } from '../../../src/identity/identity.ts';
import { checkWhen, createWhenCompiler } from '../../../src/policy/when/when.ts';
import { identity, providerClaims } from '../support.ts';

const compile = createWhenCompiler();

function condition(expression: string) {
  const compiled = compile(expression);
  if (typeof compiled === 'string') throw new Error(compiled);
  return compiled;
}

function holds(expression: string, claims: Claims): boolean {
  const who = identity(claims);
  const answer = condition(expression).holds(who);
  expect(condition(expression).trace(who).held).toBe(answer);
  return answer;
}

const CLAIMS: Claims = {
  n: 1,
  half: 1.5,
  text: 'x',
  yes: true,
  nothing: null,
  empty: [],
  groups: ['dev', 'ops'],
  people: [{ name: 'a', age: 3 }, { name: 'b' }],
  deep: { er: { n: 2 } },
  'kubernetes.io': { namespace: 'orders' },
};

describe('when', () => {
  test.each([
    'claims.n == 1',
    'claims.n == 1.0',
    '.claims.n == 1',
    'claims.half == 1.5',
    'claims.half > claims.n',
    'claims.deep.er.n == 2',
    'claims["deep"]["er"].n + 1 == 3',
    'claims.yes',
    '!(claims.text == "y")',
    'issuer == "github" && subject == "somebody"',
    'claims["kubernetes.io"].namespace.startsWith("ord")',
    '"ops" in claims.groups',
    'claims.groups.exists(g, g == "ops")',
    'claims.groups.exists_one(g, g.startsWith("d"))',
    'claims.groups.all(g, size(g) == 3)',
    'claims.groups[1] == "ops"',
    'claims.groups.filter(g, g != "dev") == ["ops"]',
    'claims.groups.map(g, g == "ops") == [false, true]',
    'claims.people.exists(p, p.age == 3)',
    'claims.people[1].name == "b"',
    'claims.text in ["x", "y"]',
    'has(claims.deep)',
    'has(claims.deep.er)',
    'claims.text.matches("^(?:x|y)$")',
    'type(claims.n) == int',
    'int("7") == 7',
    'size(claims.empty) == 0',
    'claims.yes ? claims.n == 1 : false',
  ])('%s holds', (expression) => {
    expect(holds(expression, CLAIMS)).toBe(true);
  });

  test.each([
    'claims.n == 2',
    'claims.n == "1"',
    'claims.text == 1',
    'claims.n',
    'claims.text',
    'claims.n > "a"',
    '!claims.n',
    'claims.groups == "ops"',
    'claims.text.exists(t, true)',
    'claims.deep.er.n.x == 1',
    'int(claims.text) == 0',
    'claims.people.all(p, p.age == 3)',
    'claims.groups[2] == "x"',
    'claims.text.n == 1',
    '1 / (claims.n - 1) == 1',
  ])('%s does not hold', (expression) => {
    expect(holds(expression, CLAIMS)).toBe(false);
  });

  test.each([
    'claims.gone == "x"',
    'claims.gone != "x"',
    '!(claims.gone == "x")',
    '!has(claims.gone)',
    'has(claims.gone) || true',
    'claims.gone == 1 || true',
    'true || claims.gone == 1',
    'true ? true : claims.gone',
    'claims.gone.er != 1',
    '!(claims.deep.gone == 1)',
    '!claims.groups.exists(g, g == claims.gone)',
    'claims.groups.exists(g, claims.gone != g || true)',
    'claims["gone"] != 1',
    'claims.nothing != 1',
    'claims.nothing != null',
    'claims.gone != null',
    'claims.groups[7] != "x"',
    '!("x" in claims.gone)',
    'claims.empty.all(e, claims.gone)',
    'claims.constructor != 1',
    'claims.__proto__ != 1',
    'claims.toString != "x"',
  ])('%s does not hold, because a missing claim never matches', (expression) => {
    expect(holds(expression, CLAIMS)).toBe(false);
    expect(condition(expression).trace(identity(CLAIMS)).note).toContain(
      'is missing or null, and never matches',
    );
  });

  test.each([
    '"x" in claims.deep',
    'size(claims.deep) == 1',
    'claims.deep != claims.people',
    'claims.deep.all(k, k != "gone")',
    '!claims.deep.exists(k, k == "gone")',
  ])('%s does not hold, because an object could lack members unnoticed', (expression) => {
    expect(holds(expression, CLAIMS)).toBe(false);
    expect(condition(expression).trace(identity(CLAIMS)).note).toContain('is an object');
  });

  test('a member missing in an element never matches', () => {
    expect(holds('claims.people.exists(p, !("age" in p))', CLAIMS)).toBe(false);
    expect(holds('!claims.people.exists(p, p.gone == 1)', CLAIMS)).toBe(false);
    expect(holds('claims.people.all(p, p.gone != 1)', CLAIMS)).toBe(false);
  });

  test.each<[string, string]>([
    ['size(claims) > 0', 'name each claim'],
    ['"x" in claims', 'name each claim'],
    ['claims.exists(c, c == "x")', 'name each claim'],
    ['subject.exists(c, c == "x")', 'on something other than a claim'],
    ['claims == claims', 'name each claim'],
    ['[claims].exists(c, has(c.x))', 'name each claim'],
    ['claims[subject] == 1', 'literal names'],
    ['claims[claims.text] == 1', 'literal names'],
    ['claims.groups[claims.n] == "x"', 'literal names'],
    ['(true ? claims.deep : claims.deep).er == 1', 'literal names'],
    ['{"a": claims.n}["a"] == 1', 'literal names'],
    ['claims.people.exists(p, has(p.age))', 'has() is for claims'],
    ['claims.people.exists(p, p.all(k, k != "x"))', 'on something other than a claim'],
    ['claims.groups.exists(claims, true)', 'as a loop variable'],
    ['claims.groups.exists(subject, subject == "ops")', 'as a loop variable'],
    ['ref == "x"', 'unknown name "ref"'],
    ['toString == 1', 'unknown name "toString"'],
    ['.claims == 1', 'name each claim'],
    ['size(claims.groups)', 'true or false'],
    ['"yes"', 'true or false'],
    ['issuer', 'true or false'],
    ['claims.groups.map(g, g)', 'true or false'],
    ['claims.yes ? 1 : 2', 'true or false'],
    ['claims.n + 1', 'true or false'],
    ['claims.groups.map(g, g + g) == []', 'uses "+" inside'],
    [
      'claims.groups.exists(a, claims.groups.exists(b, claims.groups.exists(c, a == c)))',
      'more than 2 deep',
    ],
    ['timestamp("x") > timestamp("y")', 'unsupported call'],
    ['claims.text.contains()', 'unsupported call'],
    ['claims.groups.exists("x", true)', 'unsupported call'],
    ['google.protobuf.Int32Value{value: 1} == 1', 'creates a map or message'],
    ['{"a": 1} == {"a": 1}', 'creates a map or message'],
    ['claims.text.matches("x")', 'anywhere in the text'],
    ['claims.text.matches("^x|y$")', 'anywhere in the text'],
    ['claims.text.matches(claims.text)', 'in quotes'],
    ['claims.text.matches("^($")', 'pattern in matches()'],
    ['claims.team = "orders"', 'not valid CEL at character 13, "=": write "=="'],
    ['claims.a == "=" && claims.team = "x"', 'not valid CEL at character 32, "=": write "=="'],
    [
      'claims.n == 1\n  and claims.m == 2',
      'not valid CEL at line 2, character 3, "and": write "&&"',
    ],
    ['claims.n == 1 OR claims.m == 2', 'not valid CEL at character 15, "OR": write "||"'],
    ['claims.n === 1', 'not valid CEL at character 10, "===": write "=="'],
    ['claims.n ~ 1', 'not valid CEL at character 10:'],
    ['(claims.n == 1', 'not valid CEL at its end:'],
    ['claims.n ==', 'not valid CEL'],
    ['', 'not valid CEL'],
    [`claims.text == "${'x'.repeat(2048)}"`, 'longer than 2048'],
    [`claims.n == 1${' && claims.n == 1'.repeat(60)}`, 'more than 200 parts'],
    ['('.repeat(1000), 'not valid CEL'],
  ])('%s is refused, with what to write instead', (expression, problem) => {
    expect(checkWhen(expression)).toContain(problem);
  });

  test('is refused where it is not a text', () => {
    for (const wrong of [1, null, true, {}, []]) expect(checkWhen(wrong)).toContain('in quotes');
  });

  test('stops loops after a thousand turns, and what was stopped does not hold', () => {
    const many = { list: Array.from({ length: 100 }, (_, n) => n) };
    expect(holds('claims.list.exists(a, claims.list.exists(b, a == b))', many)).toBe(true);
    expect(holds('claims.list.all(a, claims.list.exists(b, a == b))', many)).toBe(false);
    expect(holds('claims.list.all(a, claims.list.exists(b, a == b)) || true', many)).toBe(false);
    expect(holds('!claims.list.all(a, claims.list.exists(b, a == b))', many)).toBe(false);
    expect(
      holds('claims.list.all(a, a < 100)', { list: Array.from({ length: 1000 }, () => 1) }),
    ).toBe(true);
    expect(
      holds('claims.list.all(a, a < 100)', { list: Array.from({ length: 1001 }, () => 1) }),
    ).toBe(false);
  });

  test('starts counting anew for each token', () => {
    const list = { list: Array.from({ length: 900 }, () => 1) };
    const both = condition('claims.list.all(a, a == 1)');
    expect([
      both.holds(identity(list)),
      both.holds(identity(list)),
      both.holds(identity(list)),
    ]).toEqual([true, true, true]);
  });

  test('matches() with a pattern that makes backtrackers despair comes to an end', () => {
    expect(holds('claims.text.matches("^(a+)+b$")', { text: 'a'.repeat(16_000) })).toBe(false);
  });

  test('never repeats a claim in a note', () => {
    const secret = 'do-not-repeat';
    for (const expression of [
      'int(claims.s) == 1',
      'bool(claims.s)',
      'claims.s > 1',
      'claims.s.n == 1',
    ]) {
      expect(condition(expression).trace(identity({ s: secret })).note).not.toContain(secret);
    }
  });

  test('claims nested deeper than any token nests them do not hold', () => {
    let deep: Claims[string] = 1;
    for (let n = 0; n < 5000; n += 1) deep = [deep];
    expect(holds('claims.deep == [1] || true', { deep })).toBe(false);
  });

  test('reads a real token', () => {
    const claims = providerClaims('github-actions');
    expect(
      holds(
        'claims.repository_owner_id == "123456" && claims.ref.startsWith("refs/heads/")',
        claims,
      ),
    ).toBe(true);
    expect(holds('claims.run_number == 42', claims)).toBe(false);
  });

  test('never throws, whatever is written and whatever the token says', () => {
    const piece = fc.constantFrom(
      'claims',
      '.a',
      '.b',
      '["c d"]',
      '[0]',
      '==',
      '!=',
      '&&',
      '||',
      '!',
      '(',
      ')',
      '"x"',
      '1',
      'true',
      'has(',
      'size(',
      '.exists(x, ',
      '.all(x, ',
      'x',
      'in',
      '?',
      ':',
      '[',
      ']',
      '{',
      '}',
      '.matches("^a$")',
      'issuer',
      '+',
      ' ',
    );
    const expressions = fc.oneof(
      fc.array(piece, { maxLength: 14 }).map((p) => p.join('')),
      fc.string(),
    );
    fc.assert(
      fc.property(
        expressions,
        fc.dictionary(fc.constantFrom('a', 'b', 'c d'), fc.jsonValue()),
        (expression, claims) => {
          const compiled = compile(expression);
          if (typeof compiled === 'string') return;
          const who = identity(JSON.parse(JSON.stringify(claims)));
          expect(compiled.holds(who)).toBe(compiled.trace(who).held);
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('holds only where every claim that it names is there', () => {
    const leaf = fc.constantFrom(
      'claims.a == 1',
      'claims.b != 1',
      'has(claims.c)',
      'claims.d.e == 1',
      'true',
      '"x" in claims.f',
    );
    const expression = fc.letrec<{ e: string }>((tie) => ({
      e: fc.oneof(
        { depthSize: 'medium' },
        leaf,
        tie('e').map((e) => `!(${e})`),
        fc.tuple(tie('e'), tie('e')).map(([l, r]) => `(${l} || ${r})`),
        fc.tuple(tie('e'), tie('e'), tie('e')).map(([c, l, r]) => `(${c} ? ${l} : ${r})`),
      ),
    })).e;
    const full: Claims = { a: 1, b: 1, c: 1, d: { e: 1 }, f: ['x'] };
    fc.assert(
      fc.property(expression, fc.subarray(Object.keys(full)), (expression, kept) => {
        const compiled = compile(expression);
        if (typeof compiled === 'string') return;
        const who = identity(
          Object.fromEntries(Object.entries(full).filter(([name]) => kept.includes(name))),
        );
        const lacks = [...expression.matchAll(/claims\.(\w)/g)].some(
          ([, name = '']) => !kept.includes(name),
        );
        expect(lacks && compiled.holds(who)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('client', () => {
  const claims = { client: { host: 'forged' }, kind: 'forged' };
  const client = {
    kind: 'client',
    type: 'mqtt',
    host: '192.0.2.7',
    tls: { uri: ['spiffe://a/b'] },
  };
  const holdsFor = (expression: string, who: object) =>
    condition(expression).holds({ ...identity(claims), ...who });

  test.each([
    'client.host == "192.0.2.7"',
    'client.type == "mqtt" && claims.kind == "forged"',
    'has(client.tls)',
    'client.tls.uri.exists(u, u == "spiffe://a/b")',
    '"spiffe://a/b" in client.tls.uri',
  ])('%s holds', (expression) => {
    expect(holdsFor(expression, { client })).toBe(true);
  });

  test.each([
    'client.mqttId != "x"',
    '!has(client.mqttId)',
    'client.tls.dns.exists(d, true) || true',
    'client.host != "x"',
  ])(
    '%s does not hold where the server says nothing of it, whatever the token claims',
    (expression) => {
      expect(holdsFor(expression, expression.includes('host') ? {} : { client })).toBe(false);
    },
  );

  test.each([
    'client == 1',
    'client.port == 1',
    'client.tls.issuer == "x"',
    'client["tls"].x == 1',
    'claims.g.exists(client, client == 1)',
  ])('%s is a mistake', (expression) => {
    expect(checkWhen(expression)).toBeTypeOf('string');
  });
});
