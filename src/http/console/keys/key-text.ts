import type { AccountAnswer, KeyAnswer } from '../../../admin-api/keys.ts';
import { fromNow, span } from '../words.ts';

/** Whether some server does not list a key that it should list by its state. */
export function isTrouble({ state, listed }: Pick<KeyAnswer, 'state' | 'listed'>): boolean {
  return (state === 'active' || state === 'draining') && !listed;
}

/** What to know about a key besides its state, in a few words. `now` in Unix seconds. */
export function keyText(
  key: Omit<KeyAnswer, 'credentials_alive' | 'sessions'>,
  {
    kind,
    next_rotation_at,
    obstacle,
    slots,
  }: Pick<AccountAnswer, 'kind' | 'next_rotation_at' | 'obstacle' | 'slots'>,
  now: number,
): string {
  const { signs = 'current' } = slots.find(({ slot }) => slot === key.slot) ?? {};
  const missing = kind === 'managed' ? 'not on every server' : 'not listed by the account';
  const trouble = isTrouble(key) ? [missing] : [];
  switch (key.state) {
    case 'staged':
      return [
        ...(signs === 'current' ? [] : [signsText(key, { kind, obstacle }, now)]),
        key.listed
          ? `ready, staged ${fromNow(key.staged_at, now)}`
          : `${missing} yet${named(key.waits_for)}, for ${span(now - key.staged_at)}`,
      ].join(', ');
    case 'active': {
      const since = `for ${span(now - (key.active_at ?? key.staged_at))}`;
      const before = signs === 'outdated' ? ['with the old permissions'] : [];
      return [since, ...before, ...trouble, rotationText(next_rotation_at, now)].join(', ');
    }
    case 'draining': {
      const until = key.retires_at === null ? [] : [`retires ${fromNow(key.retires_at, now)}`];
      return [...until, ...trouble].join(', ');
    }
    case 'retired':
      return `${fromNow(key.retired_at ?? key.staged_at, now)} (${key.reason})`;
  }
}

/** When the next key of a slot will sign, if the slot has none or one with the old permissions. */
function signsText(
  { listed, may_sign_at }: Pick<KeyAnswer, 'listed' | 'may_sign_at'>,
  { kind, obstacle }: Pick<AccountAnswer, 'kind' | 'obstacle'>,
  now: number,
): string {
  if (obstacle) return 'signing time unknown';
  const left = (may_sign_at ?? now) - now;
  if (left > 0) return `signs in about ${span(left)}`;
  if (listed) return 'signs within seconds';
  return kind === 'managed' ? 'signs once every server has it' : 'signs once it is listed';
}

function named(servers: readonly string[]): string {
  return servers.length === 0 ? '' : ` (${servers.join(', ')})`;
}

/** When the next key takes over. */
export function rotationText(at: number | null, now: number): string {
  if (at === null) return 'rotates on request';
  return at > now ? `next rotation ${fromNow(at, now)}` : 'next rotation is due';
}
