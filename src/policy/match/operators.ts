import { z } from 'zod';
import type { Json } from '../../identity/identity.ts';
import { compileGlob, compileRegex, type Pattern } from './pattern.ts';

/** What the values of a claim are; of a list, its elements. */
export type ClaimType = 'text' | 'number' | 'flag';

/** Whether one value matches. For a list claim, each element is tested. */
type Fits = (value: Json) => boolean;

/** An operator of `match`, written `{ NAME: operand }`. */
interface Operator<Operand> {
  /** What may be written after the name. */
  readonly operand: z.ZodType<Operand>;
  /** Completes "NAME takes …", the error for any other operand. */
  readonly takes: string;
  /** Completes "`{NAME: …}` …" in the configuration reference. */
  readonly means: string;
  /** The test, or what is wrong with the operand. */
  readonly compile: (operand: Operand) => Fits | string;
  /** What it requires, as traces show it. */
  readonly words: (operand: Operand) => string;
  /** The only type that can match: `check` warns if the claim is known to have another. */
  readonly claimType: ClaimType;
  /** Whether values of anyone may match, because it leaves the beginning open: `check` warns about that. */
  readonly isOpen: (operand: Operand) => boolean;
}

/**
 * Every operator of `match`. To add one, add an entry here, and tests: the schema, the reference, error
 * messages, the compiler, and the warnings of `check` all use this table.
 */
export const OPERATORS = {
  glob: operator({
    operand: z.string(),
    takes: 'one text: put it in quotes',
    means: 'matches the whole value, `*` any characters and `?` one',
    compile: (glob) => onText(compileGlob(glob)),
    words: (glob) => `like ${JSON.stringify(glob)}`,
    claimType: 'text',
    isOpen: (glob) => /^(?:repo:)?[*?]/.test(glob),
  }),
  regex: operator({
    operand: z.string(),
    takes: 'one text: put it in quotes',
    means: 'matches the whole value, as an RE2 expression',
    compile: (regex) => onText(compileRegex(regex)),
    words: (regex) => `matching ${JSON.stringify(regex)}`,
    claimType: 'text',
    isOpen: (regex) => /^\^?(?:repo:)?(?:[.[]|\\[dswDSW])/.test(regex),
  }),
};

type Operators = typeof OPERATORS;

/** An operator and its operand, as written. */
export type OperatorSpec = {
  [Name in keyof Operators]: { readonly [Key in Name]: z.output<Operators[Name]['operand']> };
}[keyof Operators];

/** What there is to know about an operator with its operand. */
interface Applied extends Pick<Operator<unknown>, 'claimType'> {
  readonly name: string;
  readonly words: string;
  readonly isOpen: boolean;
  readonly compile: () => Fits | string;
}

export function readOperator(spec: OperatorSpec): Applied {
  const [name, operand] = Object.entries(spec)[0] as [keyof Operators, never];
  const { words, isOpen, claimType, compile } = OPERATORS[name];
  return {
    name,
    claimType,
    words: words(operand),
    isOpen: isOpen(operand),
    compile: () => compile(operand),
  };
}

function operator<Operand>(definition: Operator<Operand>): Operator<Operand> {
  return definition;
}

function onText(pattern: Pattern | string): Fits | string {
  if (typeof pattern === 'string') return pattern;
  return (value) => typeof value === 'string' && pattern(value);
}
