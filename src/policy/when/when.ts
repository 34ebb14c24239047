import type * as Cel from '@bufbuild/cel';
import { createRequire } from 'node:module';
import { RE2JS } from '@bufbuild/re2';
import { type ClaimPath, lookUp, own } from '../../identity/claims.ts';
import type { Claims, Identity, Json } from '../../identity/identity.ts';
import { type ClaimUse, claimUse, topLevel } from '../claim-name.ts';
import type { Condition } from '../condition.ts';
import { isExact, NOT_EXACT, shownExactly } from '../exact.ts';
import { notCel } from './not-cel.ts';
import { clientName, missingOfClient } from './client.ts';
import { type Comparison, comparisonsIn } from './comparisons.ts';
import { type Expr, readShape, type Shape, UnfitExpression } from './shape.ts';
import type { CelInput } from '@bufbuild/cel';

const MAX_LENGTH = 2048;
/** Maximum number of iterations of all loops in one evaluation. */
const MAX_TURNS = 1000;
const TICK = '@tick';

/** Compiles a `when` expression, or returns what is wrong with it. */
export type WhenCompiler = (text: unknown) => Condition | string;

/**
 * A compiler for `when`: a CEL expression over `claims`, `issuer` (the operator's name), `subject`, and
 * `client` (how a NATS client connected, in auth callouts).
 *
 * - The condition holds only if the result is `true`; an evaluation error means no match.
 * - Every claim that the expression names must exist (and not be `null`), also within `!`, `has()`, `||`,
 *   and `? :`, so that a missing claim never matches.
 * - A name of an object must continue to one of its members, because members could be missing unnoticed;
 *   `has()` may test for the object itself.
 * - If a claim has a number beyond 2^53, the condition does not hold.
 * - Cost is bounded: 2 KiB of text, 200 nodes, 1000 iterations of all loops together, each with at most
 *   200 steps over the claims of one token, and patterns that run in linear time.
 */
export function createWhenCompiler(): WhenCompiler {
  let compiler: WhenCompiler | undefined;
  return (text) => {
    compiler ??= celCompiler();
    return compiler(text);
  };
}

const require = createRequire(import.meta.url);

/** The CEL library is slow to load, so a policy without `when` does not load it. */
function celCompiler(): WhenCompiler {
  const { CelScalar, celEnv, celError, celFunc, mapType, parse, plan }: typeof Cel =
    require('@bufbuild/cel');
  const meter = { turns: 0 };
  const patterns = new Map<string, RE2JS>();
  const env = celEnv({
    // The library compiles a pattern for each call; ours are literals, compiled once.
    re2: { compile: (pattern) => remember(patterns, pattern) },
    funcs: [
      celFunc(TICK, [], CelScalar.BOOL, () => {
        meter.turns += 1;
        if (meter.turns > MAX_TURNS) throw celError('too many turns');
        return true;
      }),
      // "key in map" would give a result for a missing member.
      celFunc(
        '@in',
        [CelScalar.STRING, mapType(CelScalar.DYN, CelScalar.DYN)],
        CelScalar.BOOL,
        () => {
          throw celError('"in" is for lists');
        },
      ),
    ],
  });

  return (text) => {
    if (typeof text !== 'string') return 'is not text: put the expression in quotes';
    if (text.length > MAX_LENGTH)
      return `is longer than ${MAX_LENGTH} characters: shorten the expression`;
    try {
      const { expr } = parse(text);
      const shape = readShape(expr);
      meterLoops(shape);
      const evaluate = plan(env, expr);
      return condition(text, shape, (identity, uses) => {
        meter.turns = 0;
        const answer = evaluate(
          variables(
            identity,
            uses,
            shape.client.map(({ path }) => path),
          ),
        );
        // `… || true` would hide the error of a stopped loop.
        return meter.turns > MAX_TURNS ? undefined : answer;
      });
    } catch (error) {
      if (error instanceof UnfitExpression) return error.message;
      return notCel(text, error);
    }
  };
}

/** The comparisons in a `when` expression, for warnings. Empty if it is not valid. */
export function comparisonsOf(text: string): readonly Comparison[] {
  const { parse }: typeof Cel = require('@bufbuild/cel');
  try {
    return comparisonsIn(parse(text).expr);
  } catch {
    return [];
  }
}

/** What is wrong with a `when` expression, or undefined. */
export function checkWhen(text: unknown): string | undefined {
  const compiled = createWhenCompiler()(text);
  return typeof compiled === 'string' ? compiled : undefined;
}

function remember(patterns: Map<string, RE2JS>, pattern: string): RE2JS {
  const known = patterns.get(pattern) ?? new RE2JS(pattern);
  patterns.set(pattern, known);
  return known;
}

/** Adds a counter before the condition of each loop: `tick() && …`. */
function meterLoops({ loops }: Shape): void {
  for (const loop of loops) {
    loop.loopCondition = call('_&&_', [
      call(TICK, []),
      ...(loop.loopCondition ? [loop.loopCondition] : []),
    ]);
  }
}

function call(name: string, args: Expr[]): Expr {
  return {
    $typeName: 'cel.expr.Expr',
    id: 0n,
    exprKind: {
      case: 'callExpr',
      value: { $typeName: 'cel.expr.Expr.Call', function: name, args },
    },
  };
}

function condition(
  text: string,
  { claims, client }: Shape,
  evaluate: (identity: Identity, uses: readonly ClaimUse[]) => unknown,
): Condition {
  const named = claims.map(({ path, presenceOnly }) => ({ ...claimUse(path), presenceOnly }));
  /** Undefined if the expression is true, else why not. */
  const whyNot = (identity: Identity): string | undefined => {
    for (const use of named) {
      const value = lookUp(identity.claims, use.path);
      if (value === undefined || value === null) {
        return `the claim "${use.name}" is missing or null, and never matches`;
      }
      if (!use.presenceOnly && isObject(value)) {
        return `"${use.name}" is an object: name one of its members`;
      }
      if (!use.presenceOnly && !isExact(value)) {
        return `the claim "${use.name}" ${NOT_EXACT} and never matches`;
      }
    }
    return missingOfClient(identity, client) ?? answerNote(evaluate, identity, named);
  };
  return {
    looksAt: uniqueByName(named),
    holds: (identity) => whyNot(identity) === undefined,
    trace: (identity) => {
      const note = whyNot(identity);
      const seen = valuesOf(identity, named, client);
      return {
        on: 'when',
        expected: text,
        seen,
        held: note === undefined,
        ...(note !== undefined && { note }),
      };
    },
  };
}

/** Never the text of an error, which may quote claims. */
function answerNote(
  evaluate: (identity: Identity, uses: readonly ClaimUse[]) => unknown,
  identity: Identity,
  named: readonly ClaimUse[],
): string | undefined {
  try {
    const answer = evaluate(identity, named);
    if (answer === true) return undefined;
    if (answer === false) return 'the expression is false';
    return 'the result for these claims is not true or false (a wrong type, or too many iterations)';
  } catch {
    return 'the expression cannot be evaluated for these claims';
  }
}

/** The variables of one evaluation, with only the claims that the expression names. */
function variables(
  { claims, client = {}, issuerName, subject }: Identity,
  uses: readonly ClaimUse[],
  ofClient: readonly ClaimPath[],
) {
  return Object.assign(Object.create(null), {
    claims: membersNamed(claims, uses.map(topLevel)),
    client: membersNamed(
      client,
      ofClient.map(([name = '']) => name),
    ),
    issuer: issuerName,
    subject,
  });
}

function membersNamed(claims: Claims, names: readonly string[]): Map<string, CelInput> {
  const named = new Map<string, CelInput>();
  for (const name of names) {
    const value = own(claims, name);
    if (value !== undefined && !named.has(name)) named.set(name, toCelValue(value));
  }
  return named;
}

function isObject(value: Json): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function uniqueByName(uses: readonly ClaimUse[]): readonly ClaimUse[] {
  return [...new Map(uses.map(({ name, path }) => [name, { name, path }])).values()];
}

function valuesOf(
  { claims, client = {} }: Identity,
  uses: readonly ClaimUse[],
  ofClient: Shape['client'],
): Json | undefined {
  const value = (name: string, found: Json | undefined): [string, Json][] =>
    found === undefined ? [] : [[name, shownExactly(found)]];
  const values = [
    ...uniqueByName(uses).flatMap(({ name, path }) => value(name, lookUp(claims, path))),
    ...ofClient.flatMap(({ path }) => value(clientName(path), lookUp(client, path))),
  ];
  return values.length === 0 ? undefined : Object.fromEntries(values);
}

/** Deeper claims are not read: no real token has them, and the code is recursive. */
const MAX_DEPTH = 64;

/**
 * A claim as a CEL value: objects are maps, whole numbers are `int` (so that `claims.run == 1` and
 * `claims.list[0]` work), other numbers `double`. Throws `RangeError` if it is nested too deeply.
 */
function toCelValue(value: Json, depth = 0): CelInput {
  if (depth > MAX_DEPTH) throw new RangeError('a claim is nested too deeply');
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => toCelValue(element, depth + 1));
  // A Map, not an object: in it, member names such as "__proto__" are harmless.
  return new Map(
    Object.entries(value).map(([name, member]) => [name, toCelValue(member, depth + 1)]),
  );
}
