import * as fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { table } from '../../src/cli/table.ts';
import { harmless, jsonLine, styled, wantsColours } from '../../src/cli/terminal.ts';
import { localTime, parseMoment, relativeTime } from '../../src/cli/time.ts';
import { capturedTerminal } from './captured-terminal.ts';
import { strangersText } from './strangers-text.ts';

const pipe = capturedTerminal();
const colourful = capturedTerminal({ colours: true });

describe('colours', () => {
  test.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
    [{ TERM: 'dumb' }, true, false],
  ])('with %o at a terminal (%s): %s', (env, isTerminal, expected) => {
    expect(wantsColours(env, isTerminal)).toBe(expected);
  });

  test('are escape sequences if they are wanted, and nothing otherwise', () => {
    expect(styled(colourful, 'red', 'no')).toBe('\u001b[31mno\u001b[39m');
    expect(styled(pipe, 'red', 'no')).toBe('no');
  });
});

describe("strangers' text", () => {
  test('shows its control characters instead of obeying them', () => {
    expect(harmless('\u001b[2Jgone\r\n\u009b31m')).toBe(
      String.raw`\u001b[2Jgone\u000d\u000a\u009b31m`,
    );
    expect(harmless('admin\u202enimda')).toBe(String.raw`admin\u202enimda`);
    expect(harmless('plain, Ünïcödé, 名, 🪪')).toBe('plain, Ünïcödé, 名, 🪪');
  });

  const stranger = strangersText();
  const active = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\p{Cs}]/u;

  test('never contains an active character, whatever the input', () => {
    fc.assert(
      fc.property(stranger, (text) => {
        expect(harmless(text)).not.toMatch(active);
      }),
    );
  });

  test('is the same value in JSON, on one line and without active characters', () => {
    fc.assert(
      fc.property(stranger, (text) => {
        const line = jsonLine({ text });
        expect(line.endsWith('\n')).toBe(true);
        expect(line.slice(0, -1)).not.toMatch(active);
        expect(JSON.parse(line)).toEqual({ text });
      }),
    );
  });

  test('keeps its row in a table, and the table its width', () => {
    fc.assert(
      fc.property(stranger, stranger, fc.integer({ min: 20, max: 100 }), (one, two, columns) => {
        const shown = table(
          capturedTerminal({ columns }),
          [
            { title: 'ONE', shrinkTo: 5 },
            { title: 'TWO', shrinkTo: 5 },
          ],
          [[one, two]],
        );
        const lines = shown.split('\n');
        expect(lines).toHaveLength(3);
        for (const line of lines) {
          expect(line).not.toMatch(active);
          expect(stringWidth(line)).toBeLessThanOrEqual(columns);
        }
      }),
    );
  });
});

describe('a table', () => {
  const columns = [{ title: 'NAME', shrinkTo: 6 }, { title: 'N' }, { title: 'WHY', shrinkTo: 8 }];
  const rows = [
    ['short', '1', 'x'],
    ['a name that is long', '22', 'a reason that is longer still'],
  ];

  test('is aligned with spaces and shortens nothing in a pipe', () => {
    expect(table(pipe, columns, rows)).toBe(
      [
        'NAME                 N   WHY',
        'short                1   x',
        'a name that is long  22  a reason that is longer still',
        '',
      ].join('\n'),
    );
  });

  test('shrinks its widest columns if the window is narrow', () => {
    expect(table(capturedTerminal({ columns: 30 }), columns, rows)).toBe(
      ['NAME          N   WHY', 'short         1   x', 'a name that…  22  a reason th…', ''].join(
        '\n',
      ),
    );
  });

  test('never shortens a fixed column, however narrow the window', () => {
    const shown = table(capturedTerminal({ columns: 5 }), columns, rows, { header: false });
    expect(shown).toBe('short   1   x\na nam…  22  a reaso…\n');
  });

  test('counts what people see: wide characters as two columns, colors as none', () => {
    const shown = table(
      colourful,
      [{ title: 'A' }, { title: 'B' }],
      [
        [{ text: '名前', style: 'red' }, '1'],
        ['🪪', '2'],
        ['e\u0301e', '3'],
        ['、', '4'],
        ['a\u200bb', '5'],
      ],
      { header: false },
    );
    expect(shown).toBe(
      '\u001b[31m名前\u001b[39m  1\n🪪    2\ne\u0301e    3\n、    4\na\u200bb    5\n',
    );
  });
});

describe('times', () => {
  const now = Date.UTC(2026, 10, 2, 9, 0, 0);
  const minute = 60_000;

  test.each([
    [12 * minute, 'in 12m'],
    [12 * minute + 59_999, 'in 12m'],
    [-3 * 60 * minute, '3h ago'],
    [-48 * 60 * minute, '2d ago'],
    [59_000, 'in 59s'],
    [999, 'now'],
    [-999, 'now'],
  ])('%d ms from now is "%s"', (difference, expected) => {
    expect(relativeTime(now + difference, now)).toBe(expected);
  });

  test.each([
    ['90s', now - 90_000],
    ['15m', now - 15 * minute],
    ['1h', now - 60 * minute],
    ['7d', now - 7 * 24 * 60 * minute],
    ['2026-11-02T08:00:00Z', now - 60 * minute],
    ['2026-11-02T09:00:00.250+01:00', now - 60 * minute + 250],
    ['2026-11-02T09:00', new Date(2026, 10, 2, 9).getTime()],
    ['2026-11-02 09:00', new Date(2026, 10, 2, 9).getTime()],
    ['2026-11-02', new Date(2026, 10, 2).getTime()],
    ['yesterday', undefined],
    ['1.5h', undefined],
    ['-1h', undefined],
    ['2026-13-45', undefined],
    ['1h30m', undefined],
    ['', undefined],
  ])('"%s" is read as %s', (text, expected) => {
    expect(parseMoment(text, now)).toBe(expected);
  });

  test('a shown time can be parsed again', () => {
    expect(parseMoment(localTime(now), now)).toBe(now);
  });
});
