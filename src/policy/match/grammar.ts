import { z } from 'zod';
import { didYouMean } from '../../suggest.ts';
import { isExactNumber } from '../exact.ts';
import { OPERATORS, type OperatorSpec } from './operators.ts';

/** What a claim can be equal to. */
export type Scalar = string | number | boolean;

/** One value to compare a claim with. */
export type MatchValue =
  | Scalar
  | OperatorSpec
  | { readonly not: MatchValue | readonly MatchValue[] };

/** A condition on one claim: one value, any of several, or all of several. */
export type MatchSpec =
  | MatchValue
  | readonly MatchValue[]
  | { readonly all: readonly MatchValue[] };

export function isList(spec: MatchSpec): spec is readonly MatchValue[] {
  return Array.isArray(spec);
}

const MAX_VALUES = 1000;
export const EMPTY = 'is empty: list at least one value';
const INEXACT = 'is a number too large to be exact: put it in quotes';

const operatorSchemas = Object.entries(OPERATORS).map(
  ([name, { operand }]) =>
    z.strictObject({ [name]: operand }) as unknown as z.ZodType<OperatorSpec>,
);

const value: z.ZodType<MatchValue> = z.lazy(() =>
  z.union(
    [
      z.string(),
      z.number().refine(isExactNumber, INEXACT),
      z.boolean(),
      ...operatorSchemas,
      z.strictObject({ not: z.union([value, values]) }),
    ],
    { error: ({ input }) => faultOf(input) },
  ),
);

// An empty "all of" would hold for everything.
const values = z.array(value).min(1, EMPTY).max(MAX_VALUES);

const condition: z.ZodType<MatchSpec> = z.union([value, values, z.strictObject({ all: values })], {
  error: ({ input }) => faultOf(input),
});

const MEANINGS = Object.entries(OPERATORS).map(([name, { means }]) => `\`{${name}: …}\` ${means}`);

/** Claim name or JSON Pointer → condition. */
export const matchSchema = z
  .record(z.string().min(1), condition, {
    error: ({ code, input }) => {
      if (code === 'invalid_key') return 'has no name: write the name of a claim, such as sub';
      return input === null
        ? 'is empty: indent the claims below it, or write { sub: alice }'
        : undefined;
    },
  })
  .prefault({})
  .meta({
    title: 'conditions',
    description: `Claim → condition; all must hold. A scalar is equality (strictly typed: \`"42"\` is not \`42\`), a list is any-of, \`{not: …}\` the opposite, \`{all: […]}\` demands each of a list; ${MEANINGS.join('; ')}. A claim that is missing never matches; one that is null counts as missing, and a number beyond 2^53 matches nothing, because it may have been rounded. A key that begins with \`/\` is a JSON Pointer: \`/realm_access/roles\`.`,
  });

/** Every key that a condition may have. */
const KEYS = [...Object.keys(OPERATORS), 'not', 'all'];
const HOW_TO_MATCH = `write a value, a list (any of them), ${Object.keys(OPERATORS)
  .map((name) => `{${name}: …}`)
  .join(', ')}, {not: …} or {all: […]}`;

/** What is wrong with a condition, and what to write instead. */
function faultOf(input: unknown): string {
  if (input === null) return `is empty (or what is below is not indented): ${HOW_TO_MATCH}`;
  if (typeof input === 'number') return INEXACT;
  if (Array.isArray(input)) return faultOfList(input);
  return typeof input === 'object' ? faultOfMapping(input) : HOW_TO_MATCH;
}

function faultOfList({ length }: readonly unknown[]): string {
  if (length === 0) return EMPTY;
  return length > MAX_VALUES
    ? `holds ${length} values: ${MAX_VALUES} at most`
    : 'is a list inside a list: write its values into the outer one';
}

function faultOfMapping(input: object): string {
  const keys = Object.keys(input);
  const unknown = keys.find((key) => !KEYS.includes(key));
  if (unknown !== undefined) return unknownKey(unknown);
  const [key] = keys;
  if (key === undefined) return HOW_TO_MATCH;
  if (keys.length > 1) {
    return `holds ${keys.join(' and ')}: write only one of them, or a list of them, [{${key}: …}, …], for any of them, {all: […]} for all`;
  }
  if (key in OPERATORS) return `${key} takes ${OPERATORS[key as keyof typeof OPERATORS].takes}`;
  const inner = (input as Record<string, unknown>)[key];
  if (key === 'all' && !Array.isArray(inner)) return 'all takes a list: write {all: [a, b]}';
  return `within ${key}: ${faultWithin(inner)}`;
}

/** `not` and `all` hold one list at most; the first of its values that is no condition is at fault. */
function faultWithin(inner: unknown): string {
  if (!Array.isArray(inner)) return faultOf(inner);
  const faulty: unknown = inner.find((item) => !value.safeParse(item).success);
  return faultOf(faulty === undefined ? inner : faulty);
}

function unknownKey(key: string): string {
  if (/^(?:any|anyOf|any_of|in|or|oneOf)$/.test(key)) {
    return `unknown key "${key}": a list means any of its values, write [a, b]`;
  }
  if (/^(?:equals|eq|is|value)$/.test(key)) {
    return `unknown key "${key}": a value alone means equal to it`;
  }
  const guess = didYouMean(key, KEYS);
  if (guess !== '') return `unknown key "${key}"${guess}`;
  return `unknown key "${key}": ${HOW_TO_MATCH}; a claim inside another has a key such as /realm_access/roles`;
}
