import type { parse } from '@bufbuild/cel';
import type { ClaimPath } from '../../identity/claims.ts';
import { isExactNumber } from '../exact.ts';
import { checkAnchored, compileRegex } from '../match/pattern.ts';
import { CLIENT_RULE, isClientMember } from './client.ts';

/** A parsed CEL expression (cel.expr.Expr, macros already expanded into comprehensions). */
export type Expr = ReturnType<typeof parse>['expr'];
type Kind<C extends Expr['exprKind']['case']> = Extract<Expr['exprKind'], { case: C }>;
type Call = Kind<'callExpr'>['value'];
type Comprehension = Kind<'comprehensionExpr'>['value'];

/** A claim that an expression names. */
interface NamedClaim {
  readonly path: ClaimPath;
  /** Only its presence is tested, by `has()`. */
  readonly presenceOnly: boolean;
}

/** What is known about an expression before it runs. */
export interface Shape {
  readonly claims: readonly NamedClaim[];
  /** What it reads of the client's connection. */
  readonly client: readonly NamedClaim[];
  /** Every loop that its evaluation may run. */
  readonly loops: readonly Comprehension[];
}

/** An expression that is not accepted. `message` says what to write instead. */
export class UnfitExpression extends Error {}

const MAX_NODES = 200;
const MAX_NESTED_LOOPS = 2;
/** Variable in which macros of the CEL parser collect their result. No identifier can be spelled like this. */
const RESULT = '@result';

const VALUES: ReadonlySet<string> = new Set(['issuer', 'subject']);
const TYPES: ReadonlySet<string> = new Set(
  'int uint double bool string list map null_type type'.split(' '),
);
/** Operators as the parser names them → whether their result is true or false. */
const OPERATORS: ReadonlyMap<string, boolean> = new Map([
  ...'!_ _&&_ _||_ _==_ _!=_ _<_ _<=_ _>_ _>=_ @in @not_strictly_false'
    .split(' ')
    .map((name) => [name, true] as const),
  ...'_+_ _-_ _*_ _/_ _%_ -_'.split(' ').map((name) => [name, false] as const),
]);
const CONVERSIONS: ReadonlySet<string> = new Set('int uint double bool string type'.split(' '));
const TEXT_METHODS: ReadonlySet<string> = new Set(
  'contains startsWith endsWith matches'.split(' '),
);

/**
 * Analyzes an expression, or throws `UnfitExpression`.
 *
 * Accepts only expressions with a bounded cost and known claims: at most 200 nodes, loops nested at most two
 * deep, nothing that grows inside a loop, only literal patterns, and only literal claim names. (`when.ts`
 * limits the number of loop iterations.)
 */
export function readShape(expr: Expr): Shape {
  const walk: Walk = { claims: [], client: [], loops: [], nodes: 0 };
  visit(expr, walk, { variables: new Set(), depth: 0 });
  if (answersNoTruth(expr)) {
    throw new UnfitExpression(
      'does not result in true or false: write a comparison, such as claims.ref == "main"',
    );
  }
  return walk;
}

interface Walk {
  claims: NamedClaim[];
  client: NamedClaim[];
  loops: Comprehension[];
  nodes: number;
}

/** The context of a node: loop variables in scope, and the number of enclosing loops. */
interface Surroundings {
  readonly variables: ReadonlySet<string>;
  readonly depth: number;
}

function visit(expr: Expr | undefined, walk: Walk, around: Surroundings): void {
  if (expr === undefined) throw new UnfitExpression('is incomplete: complete the expression');
  walk.nodes += 1;
  if (walk.nodes > MAX_NODES) {
    throw new UnfitExpression(`has more than ${MAX_NODES} parts: use several bindings, or "match"`);
  }
  const { exprKind } = expr;
  switch (exprKind.case) {
    case 'constExpr':
      return visitConstant(exprKind.value);
    case 'identExpr':
      return visitName(exprKind.value.name, around);
    case 'selectExpr':
      return visitMember(expr, walk, around);
    case 'callExpr':
      return visitCall(expr, exprKind.value, walk, around);
    case 'listExpr':
      for (const element of exprKind.value.elements) visit(element, walk, around);
      return;
    case 'comprehensionExpr':
      return visitLoop(exprKind.value, walk, around);
    case 'structExpr':
    case undefined:
      throw new UnfitExpression(
        'creates a map or message, which is not supported: compare members instead',
      );
  }
}

/** As in `match`: no claim equals such a number, and a decimal one would be rounded. */
function visitConstant({ constantKind: { case: kind, value } }: Kind<'constExpr'>['value']): void {
  const isNumber = kind === 'int64Value' || kind === 'uint64Value' || kind === 'doubleValue';
  if (isNumber && !isExactNumber(Number(value))) {
    throw new UnfitExpression(
      'has a number beyond 2^53, which cannot be compared exactly: if the token has it as text, put it in quotes',
    );
  }
}

function visitName(name: string, { variables }: Surroundings): void {
  if (name === RESULT || VALUES.has(name) || TYPES.has(name) || variables.has(name)) return;
  if (name === 'claims') {
    throw new UnfitExpression(
      'uses claims as a whole: name each claim, as claims.name or claims["any name"]; to test for one, write has(claims.name)',
    );
  }
  if (name === 'client') throw new UnfitExpression(`uses client as a whole: ${CLIENT_RULE}`);
  throw new UnfitExpression(
    `has an unknown name "${name}": use claims, client, issuer, or subject`,
  );
}

/** `a.b`, `a["b"]`, `a[0]`, `has(a.b)`: below `claims`, or a member of a loop's element. */
function visitMember(expr: Expr, walk: Walk, around: Surroundings): void {
  const chain = memberChain(expr);
  const presenceOnly = expr.exprKind.case === 'selectExpr' && expr.exprKind.value.testOnly;
  if (chain?.root === 'claims') {
    walk.claims.push({ path: chain.members, presenceOnly });
    return;
  }
  if (chain?.root === 'client') {
    if (!isClientMember(chain.members)) {
      throw new UnfitExpression(
        `has an unknown name "client.${chain.members.join('.')}": ${CLIENT_RULE}`,
      );
    }
    walk.client.push({ path: chain.members, presenceOnly });
    return;
  }
  if (chain === undefined || !around.variables.has(chain.root)) {
    throw new UnfitExpression(
      'reads members of something other than a claim: write literal names (claims.a.b, claims["a b"], claims.list[0]), or use the variable of exists(), all(), …',
    );
  }
  if (presenceOnly) {
    throw new UnfitExpression(
      'uses has() for an element: remove it, because an element without the member never matches; has() is for claims',
    );
  }
}

interface MemberChain {
  readonly root: string;
  readonly members: readonly string[];
}

export function memberChain(expr: Expr): MemberChain | undefined {
  const { exprKind } = expr;
  if (exprKind.case === 'identExpr') return { root: exprKind.value.name, members: [] };
  const step = memberStep(exprKind);
  const chain = step?.of === undefined ? undefined : memberChain(step.of);
  if (step === undefined || chain === undefined) return undefined;
  return { root: chain.root, members: [...chain.members, step.name] };
}

function memberStep(
  exprKind: Expr['exprKind'],
): { of: Expr | undefined; name: string } | undefined {
  if (exprKind.case === 'selectExpr') {
    return { of: exprKind.value.operand, name: exprKind.value.field };
  }
  if (exprKind.case !== 'callExpr' || exprKind.value.function !== '_[_]') return undefined;
  const [of, index] = exprKind.value.args;
  const constant =
    index?.exprKind.case === 'constExpr' ? index.exprKind.value.constantKind : undefined;
  const isName = constant?.case === 'stringValue' || constant?.case === 'int64Value';
  return isName ? { of, name: String(constant.value) } : undefined;
}

function visitCall(expr: Expr, call: Call, walk: Walk, around: Surroundings): void {
  const { function: name, target, args } = call;
  if (name === '_[_]') return visitMember(expr, walk, around);
  checkCall(call);
  if (comparesWithNull(call)) {
    throw new UnfitExpression(
      'compares with null, but null counts as missing, and a missing claim never matches: to test for a claim, write has(claims.name)',
    );
  }
  if (name === '_+_' && around.depth > 0 && !isCollecting(call)) {
    throw new UnfitExpression(
      'uses "+" inside exists(), all(), map(), …, which is not supported: move it outside',
    );
  }
  if (name === 'matches') checkPattern(args[0]);
  for (const part of target === undefined ? args : [target, ...args]) visit(part, walk, around);
}

/** `!= null` means that a claim exists, and is accepted. */
function comparesWithNull({ function: name, args }: Call): boolean {
  return (
    (name === '_==_' || name === '@in') &&
    args.some(({ exprKind }) => {
      return exprKind.case === 'constExpr' && exprKind.value.constantKind.case === 'nullValue';
    })
  );
}

/** The step of map(), filter(), and exists_one() from the parser, which adds one element per iteration. */
function isCollecting({ args: [first] }: Call): boolean {
  return first?.exprKind.case === 'identExpr' && first.exprKind.value.name === RESULT;
}

function checkCall({ function: name, target, args }: Call): void {
  if (name === '_?_:_' || OPERATORS.has(name)) return;
  const inputs = args.length + (target === undefined ? 0 : 1);
  if (name === 'size' && inputs === 1) return;
  if (CONVERSIONS.has(name) && target === undefined && inputs === 1) return;
  if (TEXT_METHODS.has(name) && target !== undefined && inputs === 2) return;
  throw new UnfitExpression(
    `has an unsupported call "${name}(…)": use size(x), x.contains(y), x.startsWith(y), x.endsWith(y), x.matches("…"), has(claims.x), conversions, or x.exists(e, …), all, exists_one, map, filter`,
  );
}

/** A pattern from the token could be expensive, so it must be a literal. */
function checkPattern(pattern: Expr | undefined): void {
  const constant =
    pattern?.exprKind.case === 'constExpr' ? pattern.exprKind.value.constantKind : undefined;
  if (constant?.case !== 'stringValue') {
    throw new UnfitExpression(
      'has matches() without a literal pattern: write the pattern in quotes',
    );
  }
  const problem = checkAnchored(constant.value);
  if (problem !== undefined) throw new UnfitExpression(problem);
  const compiled = compileRegex(constant.value);
  if (typeof compiled === 'string')
    throw new UnfitExpression(`has a pattern in matches() that ${compiled}`);
}

function visitLoop(loop: Comprehension, walk: Walk, around: Surroundings): void {
  const { iterVar } = loop;
  if (iterVar === 'claims' || iterVar === 'client' || VALUES.has(iterVar) || TYPES.has(iterVar)) {
    throw new UnfitExpression(`uses "${iterVar}" as a loop variable: choose another name`);
  }
  if (around.depth === MAX_NESTED_LOOPS) {
    throw new UnfitExpression(
      `nests exists(), all(), … more than ${MAX_NESTED_LOOPS} deep: simplify the expression`,
    );
  }
  if (!isLoopable(loop.iterRange)) {
    throw new UnfitExpression(
      'uses exists(), all(), … on something other than a claim (claims.groups.exists(g, …)), a list, map(), or filter(): for a list in an element, write "x" in e.list',
    );
  }
  walk.loops.push(loop);
  visit(loop.iterRange, walk, around);
  const inside = { variables: new Set([...around.variables, iterVar]), depth: around.depth + 1 };
  for (const part of [loop.accuInit, loop.loopCondition, loop.loopStep, loop.result]) {
    visit(part, walk, inside);
  }
}

/** An element may be an object, and a loop over its names could match because a name is missing. */
function isLoopable(range: Expr | undefined): boolean {
  const kind = range?.exprKind.case;
  if (kind === 'listExpr' || kind === 'comprehensionExpr') return true;
  const root = range && memberChain(range)?.root;
  return root === 'claims' || root === 'client';
}

/** Whether the result is certainly not true or false. The types of claims are unknown. */
function answersNoTruth(expr: Expr | undefined): boolean {
  const exprKind = expr?.exprKind;
  if (exprKind?.case === 'identExpr' || exprKind?.case === 'listExpr') return true;
  if (exprKind?.case === 'constExpr') return exprKind.value.constantKind.case !== 'boolValue';
  if (exprKind?.case === 'callExpr') return callAnswersNoTruth(exprKind.value);
  if (exprKind?.case !== 'comprehensionExpr') return false;
  // exists() and all() begin with a boolean; exists_one() ends with a comparison.
  const { accuInit, result } = exprKind.value;
  return result?.exprKind.case !== 'callExpr' && answersNoTruth(accuInit);
}

function callAnswersNoTruth({ function: name, args }: Call): boolean {
  if (name === '_?_:_') return answersNoTruth(args[1]) || answersNoTruth(args[2]);
  const isConversion = CONVERSIONS.has(name) && name !== 'bool';
  return OPERATORS.get(name) === false || name === 'size' || isConversion;
}
