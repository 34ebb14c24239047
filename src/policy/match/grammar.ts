import { z } from 'zod';
import { didYouMean } from '../../suggest.ts';
import { isExactNumber } from '../exact.ts';
import { OPERATORS, type OperatorSpec } from './operators.ts';

/** What a claim can equal. */
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

function valueAndList(params?: Parameters<typeof z.union>[1]) {
  const value: z.ZodType<MatchValue> = z.lazy(() =>
    z.union(
      [
        z.string(),
        z.number().refine(isExactNumber, INEXACT),
        z.boolean(),
        ...operatorSchemas,
        z.strictObject({ not: z.union([value, values]) }),
      ],
      params,
    ),
  );
  // An empty "all of" would match everything.
  const values = z.array(value).min(1, EMPTY).max(MAX_VALUES);
  return { value, values };
}

const { value, values } = valueAndList({ error: ({ input }) => faultOf(input) });

/** Says only whether it fits: explaining a fault must not explain all that is within it again. */
const { value: silent } = valueAndList();

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
    description: `Claims and their conditions, all of which must hold. A single value means equality (strictly typed: \`"42"\` is not \`42\`). A list means any of its values. \`{all: […]}\` requires all values of a list. \`{not: …}\` is the opposite of a condition. ${MEANINGS.join('. ')}. A missing claim never matches, and null counts as missing. A number beyond 2^53 never matches, because it may have been rounded. A key that begins with \`/\` is a JSON Pointer: \`/realm_access/roles\`.`,
  });

/** Every key that a condition may have. */
const KEYS = [...Object.keys(OPERATORS), 'not', 'all'];
const HOW_TO_MATCH = `write a value, a list (any of them), ${Object.keys(OPERATORS)
  .map((name) => `{${name}: …}`)
  .join(', ')}, {not: …} or {all: […]}`;

/** What is wrong with a condition, and what to write instead. */
function faultOf(input: unknown): string {
  if (input === null) return `is empty, or the lines below are not indented: ${HOW_TO_MATCH}`;
  if (typeof input === 'number') return INEXACT;
  if (Array.isArray(input)) return faultOfList(input);
  return typeof input === 'object' ? faultOfMapping(input) : HOW_TO_MATCH;
}

function faultOfList({ length }: readonly unknown[]): string {
  if (length === 0) return EMPTY;
  return length > MAX_VALUES
    ? `has ${length} values: list ${MAX_VALUES} at most`
    : 'is a list inside a list: move its values to the outer list';
}

function faultOfMapping(input: object): string {
  const keys = Object.keys(input);
  const unknown = keys.find((key) => !KEYS.includes(key));
  if (unknown !== undefined) return unknownKey(unknown);
  const [key] = keys;
  if (key === undefined) return HOW_TO_MATCH;
  if (keys.length > 1) {
    return `has ${keys.join(' and ')}: write only one of them, [{${key}: …}, …] for any, or {all: […]} for all`;
  }
  if (key in OPERATORS) return `${key} takes ${OPERATORS[key as keyof typeof OPERATORS].takes}`;
  const inner = (input as Record<string, unknown>)[key];
  if (key === 'all' && !Array.isArray(inner)) return 'all takes a list: write {all: [a, b]}';
  return `within ${key}: ${faultWithin(inner)}`;
}

/** Finds the value at fault in the list of a `not` or `all`. */
function faultWithin(inner: unknown): string {
  if (!Array.isArray(inner)) return faultOf(inner);
  const faulty: unknown = inner.find((item) => !silent.safeParse(item).success);
  return faultOf(faulty === undefined ? inner : faulty);
}

function unknownKey(key: string): string {
  if (/^(?:any|anyOf|any_of|in|or|oneOf)$/.test(key)) {
    return `unknown key "${key}": a list means any of its values, write [a, b]`;
  }
  if (/^(?:equals|eq|is|value)$/.test(key)) {
    return `unknown key "${key}": write the value alone, which means equality`;
  }
  const guess = didYouMean(key, KEYS);
  if (guess !== '') return `unknown key "${key}"${guess}`;
  return `unknown key "${key}": ${HOW_TO_MATCH}; for a claim inside another, write a key such as /realm_access/roles`;
}
