import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { readHeader } from '../../src/identity/header.ts';
import { ALGORITHMS } from '../../src/identity/issuer.ts';

function reason(header: object): string {
  const read = readHeader(header as never);
  return read instanceof Refusal ? read.reason : 'read';
}

describe('a header is read', () => {
  test('for algorithm, key name and type, and nothing else', () => {
    const header = {
      alg: 'RS256',
      kid: 'k1',
      typ: 'JWT',
      jwk: { kty: 'RSA' },
      jku: 'https://evil.test/jwks',
      x5u: 'https://evil.test/cert',
      x5c: ['AAAA'],
      x5t: 'AAAA',
    };
    expect(readHeader(header)).toEqual({ alg: 'RS256', kid: 'k1', accessToken: false });
  });

  test.each(['JWT', 'jwt', 'JOSE', 'application/JWT'])('with typ %s', (typ) => {
    expect(readHeader({ alg: 'RS256', typ })).toMatchObject({ accessToken: false });
  });

  test.each(['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/At+Jwt'])(
    'with typ %s, which says access token',
    (typ) => {
      expect(readHeader({ alg: 'RS256', typ })).toMatchObject({ accessToken: true });
    },
  );

  test.each([
    'dpop+jwt',
    'logout+jwt',
    'secevent+jwt',
    '',
    'text/jwt',
    'application/',
    1,
    null,
    ['JWT'],
  ])('never with typ %j: made for another purpose', (typ) => {
    expect(reason({ alg: 'RS256', typ })).toBe('token_header_unsupported');
  });

  test.each(ALGORITHMS)('with the asymmetric algorithm %s', (alg) => {
    expect(reason({ alg })).toBe('read');
  });

  test.each([
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    'HS256',
    'HS384',
    'HS512',
    'RS1',
    'rs256',
    'RS256 ',
    'ES256K',
    'Ed448',
    'RSA-OAEP',
    'dir',
    'constructor',
    undefined,
    null,
    1,
    ['RS256'],
    { a: 1 },
  ])('never with the algorithm %j', (alg) => {
    expect(reason({ alg })).toBe('algorithm_not_allowed');
  });

  test.each([[['b64']], [['exp']], [[]], ['exp'], [null], [false]])(
    'never with crit %j',
    (crit) => {
      expect(reason({ alg: 'RS256', crit })).toBe('token_header_unsupported');
    },
  );

  test.each([false, 'true', null, 0])('never with b64 %j', (b64) => {
    expect(reason({ alg: 'RS256', b64 })).toBe('token_header_unsupported');
  });

  test.each([1, null, ['k1'], {}, 'x'.repeat(257)])('never with kid %j', (kid) => {
    expect(reason({ alg: 'RS256', kid })).toBe('token_header_unsupported');
  });

  test('or refused, whatever it holds', () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(...ALGORITHMS, 'JWT', 'at+jwt'));
    const header = fc.record(
      { alg: value, kid: value, typ: value, crit: value, b64: value, jwk: value },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(header, (header) => {
        expect(['read', 'token_header_unsupported', 'algorithm_not_allowed']).toContain(
          reason(header),
        );
      }),
    );
  });
});
