import type { AccountAnswer, KeyAnswer } from '../admin/actions.ts';
import { fromNow, span } from './words.ts';

/** A key is not taken by some server, although its state says that it should be. */
export function isTrouble({ state, listed }: Pick<KeyAnswer, 'state' | 'listed'>): boolean {
  return (state === 'active' || state === 'draining') && !listed;
}

/** What there is to know of a key beside its state, in a few words. `now` in Unix seconds. */
export function keyText(
  key: Omit<KeyAnswer, 'credentials_alive' | 'sessions'>,
  { kind, next_rotation_at }: Pick<AccountAnswer, 'kind' | 'next_rotation_at'>,
  now: number,
): string {
  const missing = kind === 'managed' ? 'not on every server' : 'not listed by the account';
  const trouble = isTrouble(key) ? [missing] : [];
  switch (key.state) {
    case 'staged':
      return key.listed
        ? `ready, staged ${fromNow(key.staged_at, now)}`
        : `${missing} yet, for ${span(now - key.staged_at)}`;
    case 'active': {
      const since = `for ${span(now - (key.active_at ?? key.staged_at))}`;
      return [since, ...trouble, rotationText(next_rotation_at, now)].join(', ');
    }
    case 'draining': {
      const until = key.retires_at === null ? [] : [`retires ${fromNow(key.retires_at, now)}`];
      return [...until, ...trouble].join(', ');
    }
    case 'retired':
      return `${fromNow(key.retired_at ?? key.staged_at, now)} (${key.reason})`;
  }
}

/** When the next key takes over. */
export function rotationText(at: number | null, now: number): string {
  if (at === null) return 'rotates when asked to';
  return at > now ? `next rotation ${fromNow(at, now)}` : 'next rotation is due';
}
