import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { CONSOLE_SCRIPT } from '../../../src/http/console/assets/script.ts';
import { REFRESH_HEADER } from '../../../src/http/console/notice.ts';

test('the script is JavaScript, and leaves a window alone that lacks what it needs', () => {
  const script = new Script(CONSOLE_SCRIPT);
  const window = { document: { querySelector: () => null } };
  expect(() => script.runInNewContext(window)).not.toThrow();
});

test('the script makes no text into a page or a program by itself', () => {
  expect(CONSOLE_SCRIPT).not.toMatch(
    /innerHTML\s*=[^=]|outerHTML|document\.write|eval\(|new Function/,
  );
});

test('what it asks for takes no notice away', () => {
  expect(CONSOLE_SCRIPT).toContain(`'${REFRESH_HEADER}'`);
});
