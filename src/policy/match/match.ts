import type { Problem } from '../../errors.ts';
import { lookUp } from '../../identity/claims.ts';
import type { Json } from '../../identity/identity.ts';
import { type ClaimUse, parseClaimName } from '../claim-name.ts';
import type { Condition } from '../condition.ts';
import { isExact, isExactNumber, NOT_EXACT, shownExactly } from '../exact.ts';
import { compileGlob, compileRegex } from './pattern.ts';

/** What a claim can be equal to. */
export type Scalar = string | number | boolean;

/** A compiled `match` entry. */
export interface MatchCondition extends Condition {
  readonly claim: ClaimUse;
  /** Set where the condition is equality with one of these and nothing else: what the index goes by. */
  readonly equals: readonly Scalar[] | undefined;
}

/** A spec, read. `test` never sees a missing claim: that is decided before it. */
interface Test {
  readonly test: (value: Json) => boolean;
  /** What it wants, in words. */
  readonly words: string;
  readonly equals?: readonly Scalar[];
}

type Report = (at: string, message: string) => void;

const MAX_VALUES = 1000;
const MAX_DEPTH = 8;

/**
 * Reads one `match` entry: the claim's name and what it must be. Problems have paths that begin
 * with `path`; a condition is only returned where there are none.
 *
 * - A scalar is equality, strictly typed: `"42"` is not `42`, `"true"` is not `true`.
 * - A list is any of its values, `{all: […]}` every one of them.
 * - `{glob: …}` and `{regex: …}` fit whole texts, and only texts; see `pattern.ts`.
 * - A claim that is a list fits when any element does.
 * - `{not: …}` is the opposite, of a claim that is there: for a list, no element may fit.
 * - A missing claim never matches, and `null` says no more than a missing claim (OIDC Core §5.3.2).
 * - A claim that holds a number beyond 2^53 never matches: it may not be what the token says.
 */
export function compileMatch(
  key: string,
  spec: unknown,
  path: string,
  problems: Problem[],
): MatchCondition | undefined {
  const claim = parseClaimName(key);
  if (typeof claim === 'string') {
    problems.push({ path, message: claim });
    return undefined;
  }
  const report: Report = (at, message) => problems.push({ path: `${path}${at}`, message });
  const test = readSpec(spec, '', report, 0);
  return test === undefined ? undefined : condition(claim, test);
}

/** Everything that is wrong with one `match` entry. */
export function checkMatch(key: string, spec: unknown, path: string): Problem[] {
  const problems: Problem[] = [];
  compileMatch(key, spec, path, problems);
  return problems;
}

function condition(claim: ClaimUse, { test, words, equals }: Test): MatchCondition {
  const holds = (value: Json | undefined) =>
    value !== undefined && value !== null && isExact(value) && test(value);
  return {
    claim,
    equals,
    looksAt: [claim],
    holds: ({ claims }) => holds(lookUp(claims, claim.path)),
    trace: ({ claims }) => {
      const seen = lookUp(claims, claim.path);
      const held = holds(seen);
      const note = held ? undefined : whyNot(seen, equals);
      return {
        on: claim.name,
        expected: words,
        seen: seen === undefined ? undefined : shownExactly(seen),
        held,
        ...(note !== undefined && { note }),
      };
    },
  };
}

function readSpec(spec: unknown, at: string, report: Report, depth: number): Test | undefined {
  if (depth > MAX_DEPTH) {
    report(at, `conditions are nested at most ${MAX_DEPTH} deep`);
    return undefined;
  }
  if (Array.isArray(spec)) return readList(spec, at, report, depth, 'any of ');
  if (typeof spec === 'object' && spec !== null) return readObject(spec, at, report, depth);
  if (typeof spec === 'string' || typeof spec === 'boolean') return equality(spec);
  if (typeof spec !== 'number') {
    report(
      at,
      'write a text, a number, true or false, a list of them, or {glob}, {regex}, {all}, {not}',
    );
    return undefined;
  }
  if (isExactNumber(spec)) return equality(spec);
  report(at, 'this number is too large to be compared exactly; does the token hold it as a text?');
  return undefined;
}

function readObject(spec: object, at: string, report: Report, depth: number): Test | undefined {
  const [entry, ...more] = Object.entries(spec);
  const [kind, inner]: [string?, unknown?] = entry ?? [];
  if (more.length > 0 || !isKind(kind)) {
    report(at, 'write exactly one of {glob: …}, {regex: …}, {all: […]}, {not: …}');
    return undefined;
  }
  const here = `${at}.${kind}`;
  switch (kind) {
    case 'glob':
      return pattern(inner, compileGlob, 'like', here, report);
    case 'regex':
      return pattern(inner, compileRegex, 'fitting', here, report);
    case 'all':
      if (Array.isArray(inner)) return readList(inner, here, report, depth, 'all of ');
      report(here, 'write a list of values');
      return undefined;
    case 'not':
      return negation(readSpec(inner, here, report, depth + 1));
    default:
      return kind satisfies never;
  }
}

function isKind(kind: string | undefined): kind is 'glob' | 'regex' | 'all' | 'not' {
  return kind === 'glob' || kind === 'regex' || kind === 'all' || kind === 'not';
}

function readList(
  list: readonly unknown[],
  at: string,
  report: Report,
  depth: number,
  quantity: 'any of ' | 'all of ',
): Test | undefined {
  if (list.length === 0 || list.length > MAX_VALUES) {
    // An empty "all of" would hold for everything.
    report(at, list.length === 0 ? 'the list is empty' : `at most ${MAX_VALUES} values`);
    return undefined;
  }
  const tests = list.map((spec, index) => {
    if (!Array.isArray(spec)) return readSpec(spec, `${at}[${index}]`, report, depth + 1);
    report(
      `${at}[${index}]`,
      'a list inside a list says nothing; write its values into the outer one',
    );
    return undefined;
  });
  const [first, ...more] = tests.filter((test) => test !== undefined);
  if (first === undefined || more.length < list.length - 1) return undefined;
  if (more.length === 0) return first;
  const every = [first, ...more];
  const words = quantity + every.map((test) => test.words).join(', ');
  if (quantity === 'all of ') return { test: (value) => every.every((t) => t.test(value)), words };
  const equals = every.flatMap((test) => test.equals ?? []);
  if (equals.length !== every.length) return { test: (v) => every.some((t) => t.test(v)), words };
  const wanted: ReadonlySet<unknown> = new Set(equals);
  return { test: (value) => anyElement(value, (element) => wanted.has(element)), words, equals };
}

function equality(wanted: Scalar): Test {
  return {
    test: (value) => anyElement(value, (element) => element === wanted),
    words: JSON.stringify(wanted),
    equals: [wanted],
  };
}

function negation(inner: Test | undefined): Test | undefined {
  if (inner === undefined) return undefined;
  return { test: (value) => !inner.test(value), words: `not ${inner.words}` };
}

function pattern(
  text: unknown,
  compile: typeof compileGlob,
  verb: 'like' | 'fitting',
  at: string,
  report: Report,
): Test | undefined {
  const compiled =
    typeof text === 'string' ? compile(text) : 'a pattern is a text; put it in quotes';
  if (typeof compiled === 'string') {
    report(at, compiled);
    return undefined;
  }
  return {
    test: (value) =>
      anyElement(value, (element) => typeof element === 'string' && compiled(element)),
    words: `${verb} ${JSON.stringify(text)}`,
  };
}

function anyElement(value: Json, fits: (element: Json) => boolean): boolean {
  return Array.isArray(value) ? value.some((element) => fits(element)) : fits(value);
}

function whyNot(seen: Json | undefined, equals: readonly Scalar[] | undefined): string | undefined {
  if (seen === undefined)
    return 'the token has no such claim (or it is null), and a missing claim never matches';
  if (seen === null) return 'the claim is null, which never matches';
  if (!isExact(seen)) return `the claim ${NOT_EXACT} and never matches`;
  if (typeof seen === 'object') return undefined;
  const lookAlike = equals?.find((wanted) => wanted !== seen && String(wanted) === String(seen));
  if (lookAlike === undefined) return undefined;
  return `the token holds a ${typeof seen}, the binding wants a ${typeof lookAlike}`;
}
