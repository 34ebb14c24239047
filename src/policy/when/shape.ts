import type { parse } from '@bufbuild/cel';
import type { ClaimPath } from '../../identity/claims.ts';
import { isExactNumber } from '../exact.ts';
import { checkAnchored, compileRegex } from '../match/pattern.ts';

/** A parsed CEL expression (cel.expr.Expr, macros already expanded into comprehensions). */
export type Expr = ReturnType<typeof parse>['expr'];
type Kind<C extends Expr['exprKind']['case']> = Extract<Expr['exprKind'], { case: C }>;
type Call = Kind<'callExpr'>['value'];
type Comprehension = Kind<'comprehensionExpr'>['value'];

/** A claim that an expression names. */
interface NamedClaim {
  readonly path: ClaimPath;
  /** Only whether it is there is asked, by `has()`. */
  readonly presenceOnly: boolean;
}

/** What there is to know about an expression before it runs. */
export interface Shape {
  readonly claims: readonly NamedClaim[];
  /** Every loop that evaluating it may run. */
  readonly loops: readonly Comprehension[];
}

/** An expression that is not taken; `message` says what to write instead. */
export class UnfitExpression extends Error {}

const MAX_NODES = 200;
const MAX_NESTED_LOOPS = 2;
/** Where the macros of the CEL parser collect their result; no identifier can be written like this. */
const RESULT = '@result';

const VALUES: ReadonlySet<string> = new Set(['issuer', 'subject']);
const TYPES: ReadonlySet<string> = new Set(
  'int uint double bool string list map null_type type'.split(' '),
);
/** Operators as the parser names them → whether they answer true or false. */
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
 * Walks an expression and takes it apart, or throws `UnfitExpression`.
 *
 * Only shapes are taken whose cost is bounded and whose claims are all known beforehand: at most 200
 * nodes, loops nested at most two deep, nothing that grows inside a loop, patterns written out, and
 * no way to reach a claim but by its literal name. (How often loops turn is bounded in `when.ts`.)
 */
export function readShape(expr: Expr): Shape {
  const walk: Walk = { claims: [], loops: [], nodes: 0 };
  visit(expr, walk, { variables: new Set(), depth: 0 });
  if (answersNoTruth(expr)) {
    throw new UnfitExpression(
      'the expression must answer true or false, e.g. claims.ref == "main"',
    );
  }
  return walk;
}

interface Walk {
  claims: NamedClaim[];
  loops: Comprehension[];
  nodes: number;
}

/** What surrounds a node: the loop variables it sees and how many loops it stands in. */
interface Surroundings {
  readonly variables: ReadonlySet<string>;
  readonly depth: number;
}

function visit(expr: Expr | undefined, walk: Walk, around: Surroundings): void {
  if (expr === undefined) throw new UnfitExpression('the expression is incomplete');
  walk.nodes += 1;
  if (walk.nodes > MAX_NODES) {
    throw new UnfitExpression(
      `the expression has more than ${MAX_NODES} parts; use several bindings, or "match"`,
    );
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
        "maps and messages can't be made in an expression; compare members",
      );
  }
}

/** As in `match`: no claim is equal to such a number, and a decimal one would be rounded. */
function visitConstant({ constantKind: { case: kind, value } }: Kind<'constExpr'>['value']): void {
  const isNumber = kind === 'int64Value' || kind === 'uint64Value' || kind === 'doubleValue';
  if (isNumber && !isExactNumber(Number(value))) {
    throw new UnfitExpression(
      'a number beyond 2^53 cannot be compared exactly; does the token hold it as a text?',
    );
  }
}

function visitName(name: string, { variables }: Surroundings): void {
  if (name === RESULT || VALUES.has(name) || TYPES.has(name) || variables.has(name)) return;
  if (name === 'claims') {
    throw new UnfitExpression(
      'name each claim in full, as claims.name or claims["any name"]: a claim that is not there must be known as missing. Whether one is there asks has(claims.name)',
    );
  }
  throw new UnfitExpression(`"${name}" is not known; there are claims, issuer and subject`);
}

/** `a.b`, `a["b"]`, `a[0]`, `has(a.b)`: below `claims`, or a member of a loop's element. */
function visitMember(expr: Expr, walk: Walk, around: Surroundings): void {
  const chain = memberChain(expr);
  const presenceOnly = expr.exprKind.case === 'selectExpr' && expr.exprKind.value.testOnly;
  if (chain?.root === 'claims') {
    walk.claims.push({ path: chain.members, presenceOnly });
    return;
  }
  if (chain === undefined || !around.variables.has(chain.root)) {
    throw new UnfitExpression(
      'members are taken only of claims, by literal names (claims.a.b, claims["a b"], claims.list[0]), and of the variable of exists(), all(), …',
    );
  }
  if (presenceOnly) {
    throw new UnfitExpression(
      'has() asks for claims only: an element without the member does not match anyway',
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
      'a claim that is null counts as missing, and a missing claim never matches; whether one is there asks has(claims.name)',
    );
  }
  if (name === '_+_' && around.depth > 0 && !isCollecting(call)) {
    throw new UnfitExpression('"+" can\'t be used inside exists(), all(), map(), …');
  }
  if (name === 'matches') checkPattern(args[0]);
  for (const part of target === undefined ? args : [target, ...args]) visit(part, walk, around);
}

/** `!= null` says that a claim is there, and is fine. */
function comparesWithNull({ function: name, args }: Call): boolean {
  return (
    (name === '_==_' || name === '@in') &&
    args.some(({ exprKind }) => {
      return exprKind.case === 'constExpr' && exprKind.value.constantKind.case === 'nullValue';
    })
  );
}

/** The step of map(), filter() and exists_one(), which the parser makes; it adds one element a turn. */
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
    `"${name}(…)" is not known in this form; there are size(x), x.contains(y), x.startsWith(y), x.endsWith(y), x.matches("…"), has(claims.x), conversions, and x.exists(e, …), all, exists_one, map, filter`,
  );
}

/** A pattern out of the token could be made to be expensive, so it must be written out. */
function checkPattern(pattern: Expr | undefined): void {
  const constant =
    pattern?.exprKind.case === 'constExpr' ? pattern.exprKind.value.constantKind : undefined;
  if (constant?.case !== 'stringValue') {
    throw new UnfitExpression('matches() takes its pattern as a text in quotes');
  }
  const problem = checkAnchored(constant.value);
  if (problem !== undefined) throw new UnfitExpression(problem);
  const compiled = compileRegex(constant.value);
  if (typeof compiled === 'string') throw new UnfitExpression(`in matches(), ${compiled}`);
}

function visitLoop(loop: Comprehension, walk: Walk, around: Surroundings): void {
  const { iterVar } = loop;
  if (iterVar === 'claims' || VALUES.has(iterVar) || TYPES.has(iterVar)) {
    throw new UnfitExpression(
      `"${iterVar}" has a meaning already; give the loop's variable another name`,
    );
  }
  if (around.depth === MAX_NESTED_LOOPS) {
    throw new UnfitExpression(
      `exists(), all(), … stand inside each other at most ${MAX_NESTED_LOOPS} deep`,
    );
  }
  if (!isLoopable(loop.iterRange)) {
    throw new UnfitExpression(
      'exists(), all(), … go over claims (claims.groups.exists(g, …)), over lists and over what map() and filter() give; to look into an element\'s own list, write "x" in e.list',
    );
  }
  walk.loops.push(loop);
  visit(loop.iterRange, walk, around);
  const inside = { variables: new Set([...around.variables, iterVar]), depth: around.depth + 1 };
  for (const part of [loop.accuInit, loop.loopCondition, loop.loopStep, loop.result]) {
    visit(part, walk, inside);
  }
}

/** An element may be an object, and to go over its names would make a missing one say something. */
function isLoopable(range: Expr | undefined): boolean {
  if (range === undefined) return false;
  const kind = range.exprKind.case;
  return (
    kind === 'listExpr' || kind === 'comprehensionExpr' || memberChain(range)?.root === 'claims'
  );
}

/** Whether it is plain that the answer is not a truth value; a claim's type is not known before. */
function answersNoTruth(expr: Expr | undefined): boolean {
  const exprKind = expr?.exprKind;
  if (exprKind?.case === 'identExpr' || exprKind?.case === 'listExpr') return true;
  if (exprKind?.case === 'constExpr') return exprKind.value.constantKind.case !== 'boolValue';
  if (exprKind?.case === 'callExpr') return callAnswersNoTruth(exprKind.value);
  if (exprKind?.case !== 'comprehensionExpr') return false;
  // exists() and all() begin with a truth value, exists_one() compares in the end.
  const { accuInit, result } = exprKind.value;
  return result?.exprKind.case !== 'callExpr' && answersNoTruth(accuInit);
}

function callAnswersNoTruth({ function: name, args }: Call): boolean {
  if (name === '_?_:_') return answersNoTruth(args[1]) || answersNoTruth(args[2]);
  const isConversion = CONVERSIONS.has(name) && name !== 'bool';
  return OPERATORS.get(name) === false || name === 'size' || isConversion;
}
