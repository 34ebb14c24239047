import type { AccountAnswer, KeyAnswer } from '../../admin-api/keys.ts';
import type { Style } from '../terminal.ts';
import { lengthOfTime, relativeTime, shortTime } from '../time.ts';

export const STATE_STYLE = {
  staged: 'cyan',
  active: 'green',
  draining: 'yellow',
  retired: 'dim',
} as const satisfies Record<KeyAnswer['state'], Style>;

/** `AAQ6QJFB…43L4`: enough to distinguish keys. */
export function shortKey(publicKey: string): string {
  return publicKey.length <= 13 ? publicKey : `${publicKey.slice(0, 8)}…${publicKey.slice(-4)}`;
}

/** `role orders`, or `any role` for the key of all roles without one of their own. */
export function slotName(slot: string): string {
  return slot === '*' ? 'any role' : `role ${slot}`;
}

/** `APP, role orders` */
export function slotText({ account, slot }: { account: string; slot: string }): string {
  return `${account}, ${slotName(slot)}`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A server does not accept the key, although its state says that every server should. */
export function isTrouble({ state, listed }: KeyAnswer): boolean {
  return (state === 'active' || state === 'draining') && !listed;
}

/** The details of a key besides its state, in one line. `now` is in Unix seconds. */
export function keyText(
  key: KeyAnswer,
  {
    kind,
    next_rotation_at,
    obstacle,
    slots,
  }: Pick<AccountAnswer, 'kind' | 'next_rotation_at' | 'obstacle' | 'slots'>,
  now: number,
): string {
  const { signs = 'current' } = slots.find(({ slot }) => slot === key.slot) ?? {};
  const alive = `${counted(key.credentials_alive, 'credential')} alive`;
  const missing = kind === 'managed' ? 'not on every server' : 'not listed by the account';
  switch (key.state) {
    case 'staged':
      return [
        ...(signs === 'current' ? [] : [signsText(key, { kind, obstacle }, now)]),
        ...placeText(key, missing, now),
      ].join(', ');
    case 'active': {
      if (!key.listed) return `${missing}, ${alive}`;
      const next = next_rotation_at === null ? [] : [rotationText(next_rotation_at, now)];
      const signing =
        `for ${since(key.active_at ?? key.staged_at, now)}` +
        (signs === 'outdated' ? ', with the old permissions' : '');
      return [signing, ...next, `${key.credentials_alive} alive`].join(', ');
    }
    case 'draining': {
      const listed = key.listed ? [] : [missing];
      const until =
        key.retires_at === null ? [] : [`until ${shortTime(key.retires_at * 1000, now * 1000)}`];
      return [...until, alive, ...listed].join(', ');
    }
    case 'retired': {
      const time = key.retired_at ?? key.draining_at ?? key.staged_at;
      return `${relativeTime(time * 1000, now * 1000)} (${key.reason})`;
    }
  }
}

/** When the key will sign, if its slot has no active key, or one with the old permissions. */
function signsText(
  { listed, may_sign_at }: KeyAnswer,
  { kind, obstacle }: Pick<AccountAnswer, 'kind' | 'obstacle'>,
  now: number,
): string {
  if (obstacle) return 'signing time unknown';
  const left = (may_sign_at ?? now) - now;
  if (left > 0) return `signs in about ${lengthOfTime(left * 1000)}`;
  if (listed) return 'signs within seconds';
  return kind === 'managed' ? 'signs once every server has it' : 'signs once it is listed';
}

/** Which servers do not have it yet. */
function placeText(
  { listed, staged_at, waits_for }: KeyAnswer,
  missing: string,
  now: number,
): string[] {
  if (listed) return ['ready'];
  const servers = waits_for.length === 0 ? '' : ` (${waits_for.join(', ')})`;
  return [`${missing} yet${servers}, for ${since(staged_at, now)}`];
}

/** `next rotation in 4d`, or `next rotation is due`. */
export function rotationText(at: number, now: number): string {
  return at > now ? `next rotation ${relativeTime(at * 1000, now * 1000)}` : 'next rotation is due';
}

function since(time: number, now: number): string {
  return lengthOfTime((now - time) * 1000);
}
