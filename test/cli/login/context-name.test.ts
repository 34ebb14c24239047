import { describe, expect, test } from 'vitest';
import { CONTEXT_NAME, contextAt } from '../../../src/cli/login/context-name.ts';

describe('the name of a context for a role at one host', () => {
  test.each([
    ['sts.example.com', 'orders@sts.example.com'],
    ['127.0.0.1:8080', 'orders@127.0.0.1-8080'],
    ['[::1]:8080', 'orders@-1-8080'],
  ])('at %s is %s', (host, name) => {
    expect(contextAt('orders', host)).toBe(name);
  });

  test.each(['a.'.repeat(100) + 'example', 'a..b', '.'])('is a name also at %s', (host) => {
    const role = 'r'.repeat(64);
    expect(contextAt(role, host)).toMatch(CONTEXT_NAME);
    expect(contextAt(role, host)).toBe(contextAt(role, host));
    expect(contextAt(role, host)).not.toBe(contextAt(role, `${host}x`));
  });
});
