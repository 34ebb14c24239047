import { describe, expect, test } from 'vitest';
import {
  forgetExpiredSessions,
  openEndedSessions,
} from '../../../src/login/session/ended-sessions.ts';
import { memoryState } from '../../revocation/memory-state.ts';
import { NOW } from '../../support/issuer.ts';

const clock = { now: () => NOW * 1_000 };

describe('an ended session', () => {
  test('is known at once, and to every replica', async () => {
    const state = memoryState();
    const here = await openEndedSessions({ state, clock });
    const there = await openEndedSessions({ state, clock });
    expect(there.isEnded('s1')).toBe(false);
    await here.end('s1', NOW + 60);
    expect(here.isEnded('s1')).toBe(true);
    expect(there.isEnded('s1')).toBe(true);
    expect(there.isEnded('s2')).toBe(false);
    here.close();
    there.close();
  });

  test('is known to a replica that starts later', async () => {
    const state = memoryState();
    const here = await openEndedSessions({ state, clock });
    await here.end('s1', NOW + 60);
    const late = await openEndedSessions({ state, clock });
    expect(late.isEnded('s1')).toBe(true);
    here.close();
    late.close();
  });

  test('can be ended twice', async () => {
    const ended = await openEndedSessions({ state: memoryState(), clock });
    await ended.end('s1', NOW + 60);
    await ended.end('s1', NOW + 60);
    expect(ended.isEnded('s1')).toBe(true);
    ended.close();
  });

  test('is forgotten five minutes after it expired, and not before: a replica’s clock may be behind', async () => {
    const state = memoryState();
    const ended = await openEndedSessions({ state, clock });
    await ended.end('over', NOW - 300);
    await ended.end('living', NOW - 299);
    await forgetExpiredSessions({ state, clock });
    expect(ended.isEnded('over')).toBe(false);
    expect(ended.isEnded('living')).toBe(true);
    expect((await state.list('session-ended.')).map(({ key }) => key)).toEqual([
      'session-ended.living',
    ]);
    ended.close();
  });

  test.each(['', '{}', '{"until":"1"}', 'null'])(
    'whose end cannot be read stays ended: %s',
    async (value) => {
      const state = memoryState();
      await state.write('session-ended.s1', value, 0);
      const ended = await openEndedSessions({ state, clock });
      await forgetExpiredSessions({ state, clock });
      expect(ended.isEnded('s1')).toBe(true);
      ended.close();
    },
  );

  test('is not considered ended if the store could not record it', async () => {
    const state = memoryState();
    const ended = await openEndedSessions({
      state: { ...state, write: () => Promise.reject(new Error('full')) },
      clock,
    });
    await expect(ended.end('s1', NOW + 60)).rejects.toThrow('full');
    expect(ended.isEnded('s1')).toBe(false);
    ended.close();
  });
});
