import * as fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import type { AccountAnswer, KeysAnswer } from '../../src/admin-api/keys.ts';
import { keysOverview } from '../../src/cli/keys/overview.ts';
import { axisOf, bar, scale } from '../../src/cli/keys/timeline.ts';
import { adminAccount, adminKey, DAY, HOUR, NOW, publicKey } from './admin-service.ts';
import { capturedTerminal } from './captured-terminal.ts';
import { strangersText } from './strangers-text.ts';

const draining = adminKey({
  state: 'draining',
  staged_at: NOW - 12 * DAY,
  active_at: NOW - 8 * DAY,
  draining_at: NOW - DAY,
  retires_at: NOW + HOUR,
  credentials_alive: 37,
});
const active = adminKey({
  state: 'active',
  staged_at: NOW - 8 * DAY,
  active_at: NOW - DAY,
  credentials_alive: 1,
});
const staged = adminKey({ state: 'staged', staged_at: NOW - DAY });

describe('a bar', () => {
  const next = NOW + 4 * DAY;
  const axis = axisOf([draining, active, staged], { now: NOW, nextRotationAt: next, width: 33 });

  test('shows staged, active and draining phases, the marker of now, and what is planned', () => {
    expect([draining, active, staged].map((key) => bar(axis, key, next))).toEqual([
      '░░░░░░░░██████████████▒▒│▒',
      '        ░░░░░░░░░░░░░░██│████████',
      '                      ░░│░░░░░░░░',
    ]);
    expect(scale(axis)).toBe('12d ago                now  in 4d');
  });

  test('shows what has just begun and what ends at once', () => {
    const brief = { ...draining, draining_at: NOW - 1, retires_at: NOW + 1 };
    expect(bar(axis, brief, next)).toMatch(/█▒│▒$/);
  });

  test('the bar of a retired key ends when the key did, even if it never signed', () => {
    const state = 'retired';
    const retired = {
      ...staged,
      state,
      staged_at: NOW - 6 * DAY,
      retired_at: NOW - 3 * DAY,
    } as const;
    expect(bar(axis, retired, next)).toBe(`${' '.repeat(12)}░░░░░░      │`);
  });

  test('has the requested width and contains each phase of the key, whatever the times', () => {
    const time = fc.integer({ min: 1, max: 400 * DAY });
    fc.assert(
      fc.property(fc.array(time, { minLength: 4, maxLength: 4 }), time, (ago, ahead) => {
        const [a = 0, b = 0, c = 0, d = 0] = ago.toSorted((one, two) => two - one);
        fc.pre(a > b && b > c && c > d);
        const key = { ...draining, staged_at: NOW - a, active_at: NOW - b, draining_at: NOW - c };
        const all = [{ ...key, retires_at: NOW + ahead }];
        const axis = axisOf(all, { now: NOW, nextRotationAt: null, width: 30 });
        for (const one of all) {
          const shown = bar(axis, one, null);
          expect(shown.length).toBeLessThanOrEqual(30);
          expect(shown).toMatch(/▒│▒/);
        }
        expect(scale(axis).length).toBeLessThanOrEqual(30);
      }),
    );
  });
});

function overview(
  account: Partial<AccountAnswer>,
  { columns, wide = false }: { columns?: number; wide?: boolean } = {},
  rotator: KeysAnswer['rotator'] = { leader: 'sts-0', lease_until: NOW + 8 },
): string {
  const terminal = capturedTerminal({ ...(columns !== undefined && { columns }) });
  const answer = { accounts: [adminAccount(account)], rotator, sessions_known: true };
  return keysOverview(answer, { terminal, now: NOW, wide });
}

describe('the overview', () => {
  const keys = [draining, active, staged];

  test('shows the state of each key, since when, until when, and its credentials', () => {
    const shown = overview({ keys });
    expect(shown).toContain('APP  AAPPQQQQ…AAPP, managed, next rotation in 4d');
    expect(shown).toMatch(/ADRAININ…NING {2}draining .* until \d\d:\d\d, 37 credentials alive\n/);
    expect(shown).toMatch(/AACTIVEQ…TIVE {2}active .* for 1d, next rotation in 4d, 1 alive\n/);
    expect(shown).toMatch(/ASTAGEDQ…AGED {2}staged .* ready\n/);
    expect(shown).toContain('rotator: sts-0, lease ends in 8s');
    expect(shown).not.toContain('nsc');
  });

  test('groups keys by what they sign for', () => {
    const scoped = adminKey({ state: 'active', slot: 'orders', public_key: publicKey('AORDERS') });
    expect(overview({ keys: [...keys, scoped] })).toMatch(
      /any role\n {3}ADRAININ[^]*ASTAGEDQ[^]*\n role orders\n {3}AORDERSQ/,
    );
  });

  test('shows full public keys with --wide', () => {
    expect(overview({ keys }, { wide: true })).toContain(`   ${active.public_key}  active`);
  });

  test.each([
    ['managed', 'not on every server, '],
    ['external', 'not listed by the account, '],
  ] as const)('says when the %s key that signs is not taken', (kind, words) => {
    const shown = overview({ kind, keys: [{ ...active, listed: false }, staged, staged] });
    expect(shown).toContain(words);
  });

  test('says that no rotator runs, also after the last lease has ended', () => {
    for (const rotator of [
      { leader: null, lease_until: null },
      { leader: 'sts-0', lease_until: NOW - 1 },
    ]) {
      expect(overview({ keys }, {}, rotator)).toContain('no rotator is running');
    }
  });

  test.each([80, 100, 200])('fits a window of %d columns', (columns) => {
    for (const line of overview({ keys }, { columns }).split('\n')) {
      expect(stringWidth(line)).toBeLessThanOrEqual(columns);
    }
  });

  test('shows untrusted text without obeying it', () => {
    fc.assert(
      fc.property(strangersText(), (text) => {
        const shown = overview({ account: text, keys: [{ ...active, slot: text, reason: text }] });
        // oxlint-disable-next-line no-control-regex -- control characters are what it is about
        expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      }),
    );
  });
});
