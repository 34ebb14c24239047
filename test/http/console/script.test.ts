import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { CONSOLE_SCRIPT } from '../../../src/http/console/assets/script.ts';
import { REFRESH_HEADER } from '../../../src/http/console/notice.ts';

test('the script is valid JavaScript, and does nothing in a window that lacks what it needs', () => {
  const script = new Script(CONSOLE_SCRIPT);
  const window = { document: { querySelector: () => null } };
  expect(() => script.runInNewContext(window)).not.toThrow();
});

test('the script never turns text into HTML or code', () => {
  expect(CONSOLE_SCRIPT).not.toMatch(
    /innerHTML\s*=[^=]|outerHTML|document\.write|eval\(|new Function/,
  );
});

test('a refresh by the script removes no notice', () => {
  expect(CONSOLE_SCRIPT).toContain(`'${REFRESH_HEADER}'`);
});
