import type { Problem } from '../../errors.ts';
import { lookUp } from '../../identity/claims.ts';
import type { Json } from '../../identity/identity.ts';
import { type ClaimUse, parseClaimName } from '../claim-name.ts';
import type { Condition } from '../condition.ts';
import { isExact, NOT_EXACT, shownExactly } from '../exact.ts';
import { EMPTY, isList, type MatchSpec, type MatchValue, type Scalar } from './grammar.ts';
import { type OperatorSpec, readOperator } from './operators.ts';

/** A compiled `match` entry. */
export interface MatchCondition extends Condition {
  readonly claim: ClaimUse;
  /** Set if the condition is only equality with one of these. The index uses it. */
  readonly equals: readonly Scalar[] | undefined;
}

/** A compiled spec. `test` never gets a missing claim, which is handled before. */
interface Test {
  readonly test: (value: Json) => boolean;
  /** What it requires, in words. */
  readonly words: string;
  readonly equals?: readonly Scalar[];
}

type Report = (at: string, message: string) => void;

const MAX_DEPTH = 8;

/**
 * Compiles one `match` entry, the claim's name and what it must be. Problems get paths below `path`.
 * Undefined if there are any.
 *
 * - A scalar means equality, strictly typed: `"42"` is not `42`, `"true"` is not `true`.
 * - A list means any of its values, `{all: […]}` all of them.
 * - Operators such as `{glob: …}` are in `operators.ts`.
 * - A list claim matches if any element does.
 * - `{not: …}` is the opposite, for a claim that exists: no element of a list may match.
 * - A missing claim never matches, and `null` counts as missing (OIDC Core §5.3.2).
 * - A claim with a number beyond 2^53 never matches: it may have been rounded.
 */
export function compileMatch(
  key: string,
  spec: MatchSpec,
  path: string,
  problems: Problem[],
): MatchCondition | undefined {
  const claim = parseClaimName(key);
  if (typeof claim === 'string') {
    problems.push({ path, message: claim });
    return undefined;
  }
  const report: Report = (at, message) => problems.push({ path: `${path}${at}`, message });
  const test = testOf(spec, '', report, 0);
  return test === undefined ? undefined : condition(claim, test);
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

function testOf(spec: MatchSpec, at: string, report: Report, depth: number): Test | undefined {
  if (depth > MAX_DEPTH) {
    report(at, `is nested more than ${MAX_DEPTH} deep: simplify the condition`);
    return undefined;
  }
  if (isList(spec)) return testOfList(spec, at, report, depth, 'any of ');
  if (typeof spec !== 'object') return equality(spec);
  if ('all' in spec) return testOfList(spec.all, `${at}.all`, report, depth, 'all of ');
  if ('not' in spec) return negation(testOf(spec.not, `${at}.not`, report, depth + 1));
  return testOfOperator(spec, at, report);
}

function testOfOperator(spec: OperatorSpec, at: string, report: Report): Test | undefined {
  const { name, words, compile } = readOperator(spec);
  const fits = compile();
  if (typeof fits !== 'string') return { test: (value) => anyElement(value, fits), words };
  report(`${at}.${name}`, fits);
  return undefined;
}

function testOfList(
  list: readonly MatchValue[],
  at: string,
  report: Report,
  depth: number,
  quantity: 'any of ' | 'all of ',
): Test | undefined {
  // Dropping the condition would let in more identities than intended.
  if (list.length === 0) report(at, EMPTY);
  const tests = list.map((spec, index) => testOf(spec, `${at}[${index}]`, report, depth + 1));
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

function anyElement(value: Json, fits: (element: Json) => boolean): boolean {
  return Array.isArray(value) ? value.some((element) => fits(element)) : fits(value);
}

function whyNot(seen: Json | undefined, equals: readonly Scalar[] | undefined): string | undefined {
  if (seen === undefined) return 'the claim is missing or null, and never matches';
  if (seen === null) return 'the claim is null, and never matches';
  if (!isExact(seen)) return `the claim ${NOT_EXACT} and never matches`;
  if (typeof seen === 'object') return undefined;
  const lookAlike = equals?.find((wanted) => wanted !== seen && String(wanted) === String(seen));
  if (lookAlike === undefined) return undefined;
  return `the token has a ${typeof seen}, but the binding requires a ${typeof lookAlike}`;
}
