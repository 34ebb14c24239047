import { describe, expect, test } from 'vitest';
import { configDirectory, yaml } from './fixture.ts';

function problems(text: string): string[] {
  using directory = configDirectory();
  return directory.problems(text);
}

const binding = (rest: string) => `bindings: [{ name: one, issuer: dev, ${rest} }]`;
const ROLES = 'roles: [publisher]';

// biome-ignore format: a table reads best with one row a line
const TYPOS = [
  ['match: { sub: { glob: "ord*", regexp: x } }', 'match.sub.regexp: unknown key (did you mean "regex"?)'],
  ['match: { sub: { glob: "ord*", regex: x } }', 'match.sub: has glob and regex: write only one of them'],
  ['match: { sub: { regexp: x } }', 'match.sub: unknown key "regexp" (did you mean "regex"?)'],
  ['match: { sub: { any: [x] } }', 'match.sub: unknown key "any": a list means any of its values, write [a, b]'],
  ['match: { sub: { equals: x } }', 'match.sub: unknown key "equals": write the value alone'],
  ['match: { sub: { not: { any: [x] } } }', 'match.sub: within not: unknown key "any": a list means any'],
  ['match: { sub: [x, { regexp: y }] }', 'match.sub[1]: unknown key "regexp" (did you mean "regex"?)'],
  ['match: { sub: x, ref: { regexp: y } }', 'match.ref: unknown key "regexp" (did you mean "regex"?)'],
  ['match: { realm_access: { roles: x } }', 'match.realm_access: unknown key "roles": write a value'],
  ['match: { sub: { glob: 5 } }', 'match.sub: glob takes one text'],
  ['match: { sub: { all: x } }', 'match.sub: all takes a list'],
  ['match: { sub: null }', 'match.sub: is empty, or the lines below are not indented'],
  ['match: { sub: [] }', 'match.sub: is empty: list at least one value'],
  ['match: { sub: [[x]] }', 'match.sub[0]: is a list inside a list'],
  ['match: { sub: 99999999999999999999 }', 'match.sub: is a number too large to be exact'],
  ['match: null', 'match: is empty: indent the claims below it'],
  ['match: [{ sub: x }]', 'match: must be a mapping, but is a list'],
  ['mach: { sub: x }', 'mach: unknown key (did you mean "match"?)'],
  ['claims: { sub: x }', 'claims: unknown key (did you mean "match"?)'],
] as const;

describe('a condition with a mistake is the only problem, and nothing advises to let everybody in', () => {
  test.for(TYPOS)('in a binding: %s', ([written, problem]) => {
    const found = problems(yaml({ bindings: binding(`${written}, ${ROLES}`) }));
    expect(found).toEqual([expect.stringContaining(` bindings[0].${problem}`)]);
  });

  test.for(TYPOS)('in a rule of who may administer: %s', ([written, problem]) => {
    const found = problems(yaml({ more: `admin: [{ issuer: dev, ${written} }]` }));
    expect(found).toEqual([expect.stringContaining(` admin[0].${problem}`)]);
  });

  test.for([
    ['when: 5', 'when: must be text'],
    ['when: null', 'when: is empty'],
    ["condition: 'claims.a == 1'", 'condition: unknown key (did you mean "when"?)'],
  ] as const)('as an expression: %s', ([written, problem]) => {
    const found = problems(yaml({ bindings: binding(`${written}, ${ROLES}`) }));
    expect(found).toEqual([expect.stringContaining(` bindings[0].${problem}`)]);
  });

  test('with lines that are not indented', () => {
    const bindings = `bindings:\n  - name: one\n    issuer: dev\n    match:\n    sub: x\n    ${ROLES}`;
    expect(problems(yaml({ bindings }))).toEqual([
      '7 bindings[0].match: is empty: indent the claims below it, or write { sub: alice }',
      '8 bindings[0].sub: unknown key',
    ]);
  });

  test('but a binding without conditions is a problem that says what it would do', () => {
    expect(problems(yaml({ bindings: binding(ROLES) }))).toEqual([
      expect.stringContaining('has no condition, so every identity of the issuer would match'),
    ]);
  });
});

test.for([
  [
    'a binding',
    yaml({ bindings: binding('match: { sub: x }, role: publisher') }),
    'bindings[0].role: unknown key (did you mean "roles"?)',
  ],
  [
    'a binding',
    yaml({ bindings: `bindings: [{ name: one, isuer: dev, match: { sub: x }, ${ROLES} }]` }),
    'bindings[0].isuer: unknown key (did you mean "issuer"?)',
  ],
  [
    'the file',
    yaml({ roles: 'role: { publisher: { account: APP } }' }),
    'role: unknown key (did you mean "roles"?)',
  ],
  [
    'the file',
    yaml({ bindings: `binding: []` }),
    'binding: unknown key (did you mean "bindings"?)',
  ],
] as const)('a misspelled key of %s is one problem', ([, text, problem]) => {
  expect(problems(text)).toEqual([expect.stringContaining(` ${problem}`)]);
});

test.for([
  ['pub: { allow: ["a.>"] }', 'pub: unknown key (did you mean "publish"?)'],
  ['sub: { allow: ["a.>"] }', 'sub: unknown key (did you mean "subscribe"?)'],
  ['ttl: 15m', 'ttl: unknown key (did you mean "maxTtl"?)'],
] as const)('a key of another tool leads to ours: %s', ([written, problem]) => {
  const roles = `roles: { publisher: { account: APP, ${written} } }`;
  expect(problems(yaml({ roles }))).toEqual([
    expect.stringContaining(` roles.publisher.${problem}`),
  ]);
});

test.for([
  [
    'roles: { publisher: { account: APP, publish: ["a.>"] } }',
    'publish: must be a mapping, but is a list: write { allow: ["orders.>"] }',
  ],
  [
    'roles: { publisher: { account: APP, subscribe: a.> } }',
    'subscribe: must be a mapping, but is text: write { allow: ["orders.>"] }',
  ],
  [
    'roles: { publisher: { publish: { allow: a } } }',
    'account: is missing: write the name of one of your accounts',
  ],
] as const)('a role shows what to write: %s', ([roles, problem]) => {
  expect(problems(yaml({ roles }))).toEqual([
    expect.stringContaining(` roles.publisher.${problem}`),
  ]);
});

test('a key that is missing says what it is, with an example', () => {
  const [audience] = problems(
    yaml({ issuers: 'issuers: { dev: { issuer: "https://x.example" } }' }),
  );
  expect(audience).toMatch(/audience: is missing: .*such as audience: https:/);
  expect(problems(yaml({ bindings: binding('match: { sub: x }') }))).toEqual([
    expect.stringMatching(/roles: is missing: .*such as roles: \[publisher\]/),
  ]);
});
