import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { createLog } from '../src/log.ts';

function written(isTTY: boolean): string {
  let text = '';
  const write = (line: unknown): boolean => {
    text += String(line);
    return true;
  };
  const log = createLog({ isTTY, write }, 'debug');
  log.debug({}, 'looked');
  log.info({ url: 'http://127.0.0.1' }, 'listening');
  log.warn({}, 'late');
  log.error({}, 'failed');
  return text;
}

test('a line of the log names its level', () => {
  const lines = written(false).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
    ['debug', 'info', 'warn', 'error'].map((level) =>
      expect.objectContaining({ level, time: expect.any(String), msg: expect.any(String) }),
    ),
  );
});

test('at a terminal a line is readable', () => {
  const lines = stripVTControlCharacters(written(true)).trim().split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/^\d\d:\d\d:\d\d debug looked$/),
    expect.stringMatching(/^\d\d:\d\d:\d\d info {2}listening url=http:\/\/127\.0\.0\.1$/),
    expect.stringMatching(/^\d\d:\d\d:\d\d warn {2}late$/),
    expect.stringMatching(/^\d\d:\d\d:\d\d error failed$/),
  ]);
});
