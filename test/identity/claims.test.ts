import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidInput } from '../../src/errors.ts';
import { lookUp, parseClaimPath } from '../../src/identity/claims.ts';

const claims = {
  sub: 'jdoe',
  'cognito:groups': ['nats-publishers'],
  'https://example.com/claims/roles': ['publisher'],
  'kubernetes.io': { namespace: 'orders' },
  'a/b~c': 1,
  resource_access: { 'nats.sts': { roles: ['publisher', 'viewer'] } },
  nothing: null,
};

describe('a claim name', () => {
  test.each([
    ['sub', 'jdoe'],
    ['cognito:groups', ['nats-publishers']],
    ['https://example.com/claims/roles', ['publisher']],
    ['kubernetes.io', { namespace: 'orders' }],
    ['nothing', null],
    ['/kubernetes.io/namespace', 'orders'],
    ['/resource_access/nats.sts/roles/1', 'viewer'],
    ['/a~1b~0c', 1],
  ])('%s is looked up', (name, value) => {
    expect(lookUp(claims, parseClaimPath(name))).toEqual(value);
  });

  test.each([
    'missing',
    'kubernetes.io.namespace',
    'resource_access/nats.sts',
    '/sub/0',
    '/sub/length',
    '/nothing/at/all',
    '/resource_access/nats.sts/roles/2',
    '/resource_access/nats.sts/roles/-',
    '/resource_access/nats.sts/roles/01',
    '/resource_access/nats.sts/roles/1.0',
    '/resource_access/nats.sts/roles/length',
    '/',
    '',
  ])('%j finds nothing where the token says nothing', (name) => {
    expect(lookUp(claims, parseClaimPath(name))).toBeUndefined();
  });

  test.each(['constructor', 'toString', '__proto__', '/sub/length', '/__proto__/toString'])(
    '%s is never found on a prototype',
    (name) => {
      expect(lookUp(claims, parseClaimPath(name))).toBeUndefined();
    },
  );

  test.each(['/a~', '/a~2b'])('%s is refused: not a JSON Pointer', (name) => {
    expect(() => parseClaimPath(name)).toThrow(InvalidInput);
  });

  test('~01 is "~1", not "/" (RFC 6901 §4)', () => {
    expect(parseClaimPath('/a~01')).toEqual(['a~1']);
  });

  test('any value of any JSON is found again by the pointer to it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        for (const [name, value] of Object.entries(object)) {
          const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
          expect(lookUp(object as never, parseClaimPath(pointer))).toEqual(value);
        }
      }),
    );
  });
});
