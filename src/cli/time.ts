/** Seconds in each unit, largest first. */
const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** `in 12m`, `3h ago`, `now`: rounded down to the largest unit that fits. Both in milliseconds since the epoch. */
export function relativeTime(time: number, now: number): string {
  const amount = lengthOfTime(Math.abs(time - now));
  if (amount === '0s') return 'now';
  return time > now ? `in ${amount}` : `${amount} ago`;
}

/** `12m`, `3h`, `0s`: rounded down to the largest unit that fits. */
export function lengthOfTime(milliseconds: number): string {
  const seconds = Math.floor(Math.max(0, milliseconds) / 1000);
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? (['s', 1] as const);
  return `${Math.floor(seconds / size)}${unit}`;
}

/** Local time to the second, `2026-11-02 09:00:00`: it sorts as text, and people compare it with their clock. */
export function localTime(time: number): string {
  // Swedish writes dates the way ISO 8601 does.
  return new Date(time).toLocaleString('sv-SE');
}

/** Short local time: `14:05` today, `2026-11-02 14:05` otherwise; with seconds if it is less than ten minutes away. */
export function shortTime(time: number, now: number): string {
  const near = Math.abs(time - now) < 10 * 60_000;
  const text = localTime(time).slice(0, near ? 19 : 16);
  const [day, clock] = text.split(' ');
  return day === localTime(now).slice(0, 10) && clock !== undefined ? clock : text;
}

/**
 * Parses a time that a person wrote: how long ago (`90s`, `15m`, `1h`, `7d`), or ISO 8601 (a date, or
 * a date and time; local time without an offset). Milliseconds since the epoch; undefined if it is neither.
 */
export function parseMoment(text: string, now: number): number | undefined {
  const ago = /^(\d{1,9})([smhd])$/.exec(text);
  if (ago !== null) {
    const size = UNITS.find(([unit]) => unit === ago[2])?.[1] ?? Number.NaN;
    return now - Number(ago[1]) * size * 1000;
  }
  const iso = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)?)?$/;
  if (!iso.test(text)) return undefined;
  // JavaScript reads a date alone as midnight UTC; a person means local midnight.
  const time = Date.parse(text.length === 10 ? `${text}T00:00` : text.replace(' ', 'T'));
  return Number.isNaN(time) ? undefined : time;
}
