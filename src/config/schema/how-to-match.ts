import type { z } from 'zod';
import { didYouMean } from '../../suggest.ts';

const KINDS = ['glob', 'regex', 'not', 'all'];
const HOW_TO_MATCH =
  'write a value, a list (any of them), {glob: …}, {regex: …}, {not: …} or {all: […]}';

/** What is wrong with a condition, and what to write instead. */
export function howToMatch({ input }: z.core.$ZodRawIssue): string {
  return faultOf(input);
}

function faultOf(input: unknown): string {
  if (input === null) return `is empty (or what is below is not indented): ${HOW_TO_MATCH}`;
  if (Array.isArray(input)) {
    return input.length === 0
      ? 'is empty: list at least one value'
      : 'is a list inside a list: write its values into the outer one';
  }
  if (typeof input !== 'object') return HOW_TO_MATCH;
  const keys = Object.keys(input);
  const unknown = keys.find((key) => !KINDS.includes(key));
  if (unknown !== undefined) return unknownKind(unknown);
  const [kind] = keys;
  if (kind === undefined) return HOW_TO_MATCH;
  if (keys.length > 1) {
    return `holds ${keys.join(' and ')}: write only one of them, or a list of them, [{${kind}: …}, …], for any of them, {all: […]} for all`;
  }
  if (kind === 'glob' || kind === 'regex') return `${kind} takes one text: put it in quotes`;
  const inner = (input as Record<string, unknown>)[kind];
  if (kind === 'all' && !Array.isArray(inner)) return 'all takes a list: write {all: [a, b]}';
  return `within ${kind}: ${faultWithin(inner)}`;
}

/** `not` and `all` hold one list at most; the first of its values that is no condition is at fault. */
function faultWithin(inner: unknown): string {
  if (!Array.isArray(inner) || inner.length === 0) return faultOf(inner);
  return faultOf(inner.find((value) => typeof value === 'object') ?? null);
}

function unknownKind(key: string): string {
  if (/^(?:any|anyOf|any_of|in|or|oneOf)$/.test(key)) {
    return `unknown key "${key}": a list means any of its values, write [a, b]`;
  }
  if (/^(?:equals|eq|is|value)$/.test(key)) {
    return `unknown key "${key}": a value alone means equal to it`;
  }
  const guess = didYouMean(key, KINDS);
  if (guess !== '') return `unknown key "${key}"${guess}`;
  return `unknown key "${key}": ${HOW_TO_MATCH}; a claim inside another has a key such as /realm_access/roles`;
}
