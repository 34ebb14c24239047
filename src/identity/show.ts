import type { Json } from './identity.ts';

const SHOWN_CHARACTERS = 100;

/**
 * What a refusal may repeat of the caller's own token: short, in quotes, printable ASCII only, so
 * that it can't forge a log line, a header or a page.
 */
export function show(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? 'a list' : 'an object';
  }
  const text = String(value);
  const short = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 3)}...` : text;
  return `"${short.replace(/[^\x20-\x7e]|["\\<>]/g, '?')}"`;
}

/** Several values, the first few of them. */
export function showAll(values: readonly string[]): string {
  const shown = values.slice(0, 5).map(show).join(', ');
  return values.length > 5 ? `${shown} and ${values.length - 5} more` : shown;
}

/** A length of time in the largest unit that says enough: `42 seconds`, `3 hours`. */
export function showSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole} second${whole === 1 ? '' : 's'}`;
  if (whole < 2 * 3600) return `${Math.round(whole / 60)} minutes`;
  if (whole < 2 * 86_400) return `${Math.round(whole / 3600)} hours`;
  return `${Math.round(whole / 86_400)} days`;
}

/** A length of time as a setting has it: 172800 → `48h`. */
export function settingOf(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole % 3600 === 0) return `${whole / 3600}h`;
  return whole % 60 === 0 ? `${whole / 60}m` : `${whole}s`;
}
