import type { Json } from './identity.ts';

export type JsonObject = { [name: string]: Json };

/** Why a text is not an object that nats-sts reads. */
export type JsonProblem =
  | 'not_json'
  | 'not_an_object'
  | 'duplicate_name'
  | 'forbidden_name'
  | 'too_deep'
  | 'too_many_values'
  | 'number_out_of_range'
  | 'unpaired_surrogate';

const MAX_DEPTH = 32;
const MAX_VALUES = 4096;

/**
 * A JSON object read by the rules of I-JSON (RFC 7493 §2): no member name twice, at any level, no
 * unpaired surrogates, no number that overflows; and within bounds: at most 32 levels and 4,096
 * values. `__proto__` is not a valid member name. Linear in the length of the text.
 *
 * `JSON.parse` keeps the last of two members with one name; a reader that keeps the first would
 * see another token than we do (RFC 8725 §2.4 is about such differences), so neither gets in.
 */
export function parseStrictObject(text: string): JsonObject | JsonProblem {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not_json';
  }
  if (!isJsonObject(value)) return 'not_an_object';
  const count: Count = { members: 0, values: 0, escapes: text.includes('\\u') };
  const problem = inspect(value, 1, count);
  if (problem !== undefined) return problem;
  // What the text spells out and the parsed value lacks was overwritten by a later member.
  return count.members === membersSpelledOut(text) ? value : 'duplicate_name';
}

/** For what `JSON.parse` made: an object there holds JSON values only. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * How many members a valid JSON text spells out: its strings that a colon follows. Goes from quote
 * to quote with `indexOf`, which costs a fraction of looking at each character.
 */
function membersSpelledOut(text: string): number {
  let members = 0;
  for (let open = text.indexOf('"'); open !== -1; ) {
    let next = closingQuote(text, open) + 1;
    while (isWhitespace(text.charCodeAt(next))) next++;
    if (text.charCodeAt(next) === COLON) members++;
    open = text.indexOf('"', next);
  }
  return members;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

function closingQuote(text: string, open: number): number {
  const quote = text.indexOf('"', open + 1);
  if (text.charCodeAt(quote - 1) !== BACKSLASH) return quote;
  // Rare: walk the escapes, for `\\"` ends a string and `\"` does not.
  for (let at = open + 1; ; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) return at;
  }
}

/** RFC 8259 §2: space, tab, line feed, carriage return. */
function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}

interface Count {
  members: number;
  values: number;
  /** Only `\u` spells a surrogate that lacks its pair: text that came as UTF-8 has none. */
  readonly escapes: boolean;
}

/** Recursion is safe: it ends at `MAX_DEPTH`. */
function inspect(value: Json | undefined, depth: number, count: Count): JsonProblem | undefined {
  if (++count.values > MAX_VALUES) return 'too_many_values';
  if (typeof value === 'string') return wellFormed(value, count) ? undefined : 'unpaired_surrogate';
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'number_out_of_range';
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > MAX_DEPTH) return 'too_deep';
  return Array.isArray(value)
    ? inspectArray(value, depth, count)
    : inspectObject(value, depth, count);
}

function wellFormed(text: string, { escapes }: Count): boolean {
  return !escapes || text.isWellFormed();
}

function inspectArray(array: Json[], depth: number, count: Count): JsonProblem | undefined {
  for (const element of array) {
    const problem = inspect(element, depth + 1, count);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function inspectObject(object: JsonObject, depth: number, count: Count): JsonProblem | undefined {
  for (const name of Object.keys(object)) {
    if (name === '__proto__') return 'forbidden_name';
    if (!wellFormed(name, count)) return 'unpaired_surrogate';
    count.members++;
    const problem = inspect(object[name], depth + 1, count);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
