import { z } from 'zod';

/** Text that is not empty. */
export function text(description: string, whatToWrite?: string) {
  const error = whatToWrite === undefined ? undefined : missing(whatToWrite);
  return z.string({ error }).min(1, 'is empty').meta({ title: 'text', description });
}

/** One line that people read on a page. */
export function line(maxCharacters: number, description: string) {
  return z
    .string()
    .regex(
      /^(?=.*\S)\P{Cc}+$/u,
      'is not one line of text: remove line breaks and control characters',
    )
    .max(maxCharacters, `is longer than ${maxCharacters} characters`)
    .meta({ title: 'text', description });
}

/** What to write where nothing is; other mistakes get the general message. */
export function missing(whatToWrite: string) {
  return ({ code, input }: z.core.$ZodRawIssue): string | undefined =>
    input === undefined && code !== 'custom' ? `is missing: ${whatToWrite}` : undefined;
}

/** A name the operator gives: short, and safe in a URL, a scope or a metric label. */
export const NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/;
export const NAME_RULE = 'use letters, digits, - and _ (64 at most)';

/** A path, relative to the directory of the configuration file. */
export function path(description: string) {
  return z.string().min(1, 'is empty').meta({ title: 'path', description });
}

/** Several values, or one written without brackets. */
export function oneOrMore<T extends z.ZodType<string>>(
  item: T,
  what: string,
  whatToWrite?: string,
) {
  const none = whatToWrite === undefined ? undefined : `is missing: ${whatToWrite}`;
  return z
    .union([item, z.array(item).min(1, `is empty: give at least one ${what}`)], {
      error: oneOrList(what, none),
    })
    .transform((value) => (Array.isArray(value) ? value : [value]));
}

/** A single value gets the same message as it would in a list. */
function oneOrList(what: string, none?: string) {
  return (issue: z.core.$ZodRawIssue): string | undefined => {
    if (issue.input === undefined) return none;
    const alone = issue.code === 'invalid_union' ? issue.errors[0]?.[0]?.message : undefined;
    return typeof issue.input === 'string' && alone !== undefined
      ? alone
      : `write one ${what} or a list of them`;
  };
}

/** Like `oneOrMore`, but may be left out, which means an empty list. */
export function anyNumber<T extends z.ZodType<string>>(item: T, what: string) {
  return z
    .union([item, z.array(item)], { error: oneOrList(what) })
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .prefault([]);
}

/** true or false; also as text, because environment variables hold only text. */
export function flag(description: string) {
  return z
    .union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')], {
      error: 'write true or false',
    })
    .meta({ title: 'true or false', description });
}

/** A whole number within bounds; also as text, because environment variables hold only text. */
export function integer(bounds: { min: number; max: number }, description: string) {
  const rule = `write a whole number from ${bounds.min} to ${bounds.max}`;
  return z
    .union(
      [
        z.int(),
        z
          .string()
          .regex(/^\d{1,15}$/)
          .transform(Number),
      ],
      { error: rule },
    )
    .refine((value) => value >= bounds.min && value <= bounds.max, rule)
    .meta({ title: 'integer', description });
}

const SECONDS = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 } as const;
const DURATION = /^(?=\d)(?:\d{1,4}w)?(?:\d{1,5}d)?(?:\d{1,6}h)?(?:\d{1,7}m)?(?:\d{1,9}s)?$/;
const TEN_YEARS = 3650 * SECONDS.d;

/** Seconds as one would write them: 5400 → `1h30m`. */
export function durationText(seconds: number): string {
  let rest = seconds;
  let words = '';
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / SECONDS[unit]);
    if (count > 0) words += `${count}${unit}`;
    rest -= count * SECONDS[unit];
  }
  return words === '' ? '0s' : words;
}

/** Length of time with its unit, `15m`, `1h30m`, `900s`; read into whole seconds. */
export function duration(
  description: string,
  { min = 1, max = TEN_YEARS }: { min?: number; max?: number } = {},
) {
  return z
    .string({
      error: ({ input }) => withoutUnit(input, 'a duration: write 15m or 900s', durationHint),
    })
    .regex(DURATION, 'is not a duration: write 15m, 900s, 1h30m or 7d')
    .transform(parseDuration)
    .refine(
      (seconds) => seconds >= min && seconds <= max,
      `must be between ${durationText(min)} and ${durationText(max)}`,
    )
    .meta({ title: 'duration', description });
}

function parseDuration(words: string): number {
  let seconds = 0;
  for (const [, count, unit] of words.matchAll(/(\d+)([wdhms])/g)) {
    seconds += Number(count) * SECONDS[unit as keyof typeof SECONDS];
  }
  return seconds;
}

const BYTES = {
  B: 1,
  kB: 1000,
  KB: 1000,
  KiB: 1024,
  MB: 1e6,
  MiB: 1024 ** 2,
  GB: 1e9,
  GiB: 1024 ** 3,
};
const SIZE = /^(\d{1,9})(B|kB|KB|KiB|MB|MiB|GB|GiB)$/;

/** Amount of data with its unit, `64KiB` (1024) or `10MB` (1000); read into bytes. */
export function size(
  description: string,
  { min = 1, max = BYTES.GiB * 1024 }: { min?: number; max?: number } = {},
) {
  return z
    .string({ error: ({ input }) => withoutUnit(input, 'a size: write 64KiB or 10MB', sizeHint) })
    .regex(SIZE, 'is not a size: write 64KiB, 10MB or 512B')
    .transform(parseSize)
    .refine((bytes) => bytes >= min && bytes <= max, `must be between ${min} and ${max} bytes`)
    .meta({ title: 'size', description });
}

function parseSize(words: string): number {
  const [, count, unit] = SIZE.exec(words) ?? [];
  return Number(count) * BYTES[unit as keyof typeof BYTES];
}

/** What to write instead of a bare number; undefined (the general message) for a missing value. */
function withoutUnit(
  input: unknown,
  rule: string,
  hint: (n: number) => string,
): string | undefined {
  if (typeof input === 'number' && Number.isSafeInteger(input) && input > 0) {
    return `has no unit: write ${hint(input)}`;
  }
  return input === undefined || input === null ? undefined : `is not ${rule}`;
}

/** A smaller number may have any unit. */
const SURELY_SECONDS = 300;

function durationHint(seconds: number): string {
  if (seconds < SURELY_SECONDS) return `${seconds}s, ${seconds}m or ${seconds}h`;
  const words = durationText(seconds);
  return `${words} or ${seconds}s`;
}

function sizeHint(bytes: number): string {
  return bytes % 1024 === 0 ? `${bytes / 1024}KiB or ${bytes}B` : `${bytes}B`;
}
