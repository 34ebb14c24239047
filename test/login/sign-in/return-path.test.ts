import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { safeReturnPath } from '../../../src/login/sign-in/return-path.ts';

const PUBLIC_URL = 'https://sts.test';

describe('the way back', () => {
  test.each([
    '/',
    '/console',
    '/console/activity?reason=no_binding',
    '/device',
    '/console?type=issued&role=a%20b',
    '/authorize?redirect_uri=http%3A%2F%2F127.0.0.1%3A5000%2Fcallback&state=x%2F%2F',
    '/device?user_code=BCDF-GHJK',
    '/?next=//evil.test',
  ])('is one of our pages: %s', (path) => {
    expect(safeReturnPath(path, PUBLIC_URL)).toBe(path);
  });

  test.each([
    // Ours, and nothing that shows people where they were.
    '/logout',
    '/login',
    '/login?issuer=dev',
    '/login/callback?code=c&state=s',
    '/credentials',
    '/exchange',
    '/metrics',
    '/authorize',
    '/authorize/done',
    '/devices',
    '/device/x',
    '/consoles',
    '/console/events',
    '/console/events?x',
    '/console/x/../../logout',
    '/elsewhere',
    '',
    'console',
    '//evil.test',
    '///evil.test',
    '////evil.test',
    '/\\evil.test',
    '\\\\evil.test',
    '\\/evil.test',
    '/\t/evil.test',
    '/\n/evil.test',
    '/\r\n/evil.test',
    '\t//evil.test',
    ' //evil.test',
    '/\u0000/evil.test',
    '/\u0085/evil.test',
    '/.//evil.test',
    '/..//evil.test',
    '/./\\evil.test',
    '/a/..//evil.test',
    '/%2e//evil.test',
    '/%2E%2E//evil.test',
    'https://evil.test',
    'https:evil.test',
    'https:/evil.test',
    'https://sts.test@evil.test/',
    'https://sts.test.evil.test/',
    'http://sts.test/',
    'javascript:alert(1)',
    'data:text/html,x',
    '?x',
    '#x',
    `/${'x'.repeat(2_000)}`,
    `/${'€'.repeat(500)}`,
  ])('is never %j', (path) => {
    expect(safeReturnPath(path, PUBLIC_URL)).toBe('/');
  });

  test('leads to us, whatever a stranger asks for, and stays the same when checked again', () => {
    const nasty = fc.array(
      fc.constantFrom(
        '/',
        '\\',
        '.',
        '..',
        '%2e',
        '@',
        ':',
        '\t',
        '\n',
        '?',
        '#',
        'evil.test',
        'https:',
      ),
      { maxLength: 12 },
    );
    const anything = fc.oneof(
      nasty.map((parts) => parts.join('')),
      nasty.map((parts) => `/${parts.join('')}`),
      fc.string({ unit: 'binary' }),
      fc.webUrl(),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const path = safeReturnPath(text, PUBLIC_URL);
        expect(path).toMatch(/^\/(?![/\\])/);
        expect(path).not.toMatch(/[\p{Cc}\s]/u);
        expect(new URL(path, PUBLIC_URL).origin).toBe(PUBLIC_URL);
        expect(new URL(path, 'https://other.test').origin).toBe('https://other.test');
        expect(safeReturnPath(path, PUBLIC_URL)).toBe(path);
      }),
      { numRuns: 2_000 },
    );
  });
});
