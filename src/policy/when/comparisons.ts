import { type ClaimUse, claimUse } from '../claim-name.ts';
import type { Scalar } from '../match/grammar.ts';
import { type Expr, memberChain } from './shape.ts';

/** A comparison of a claim with constants in the expression. */
export interface Comparison {
  readonly claim: ClaimUse;
  /** The claim must be one of them; ordered comparisons have one. */
  readonly values: readonly Scalar[];
  /** Whether the comparison is negated. */
  readonly negated: boolean;
}

const ORDERED: ReadonlySet<string> = new Set(['_<_', '_<=_', '_>_', '_>=_']);

/** Comparisons of claims with constants, outside of loops: `==`, `!=`, `in`, `<`, and similar. For warnings. */
export function comparisonsIn(expr: Expr | undefined, negated = false): readonly Comparison[] {
  if (expr?.exprKind.case !== 'callExpr') return [];
  const { function: name, args } = expr.exprKind.value;
  if (name === '!_') return comparisonsIn(args[0], !negated);
  if (name === '_&&_' || name === '_||_') return args.flatMap((arg) => comparisonsIn(arg, negated));
  if (name === '_?_:_') return args.flatMap((arg) => comparisonsIn(arg));
  // An ordered comparison of different types is an error, negated or not.
  if (ORDERED.has(name)) return eitherWay(args, false);
  if (name === '_==_') return eitherWay(args, negated);
  if (name === '_!=_') return eitherWay(args, !negated);
  if (name !== '@in') return [];
  return isList(args[1]) ? inList(args, negated) : eitherWay(args, negated);
}

function eitherWay([one, other]: readonly Expr[], negated: boolean): Comparison[] {
  return [...compared(one, [other], negated), ...compared(other, [one], negated)];
}

function inList([one, list]: readonly Expr[], negated: boolean): Comparison[] {
  return list?.exprKind.case === 'listExpr'
    ? compared(one, list.exprKind.value.elements, negated)
    : [];
}

function isList(expr: Expr | undefined): boolean {
  return expr?.exprKind.case === 'listExpr';
}

function compared(
  claim: Expr | undefined,
  constants: readonly (Expr | undefined)[],
  negated: boolean,
): Comparison[] {
  const chain = claim && memberChain(claim);
  const values = constants.flatMap((constant) => scalarOf(constant) ?? []);
  if (chain?.root !== 'claims' || values.length === 0 || values.length < constants.length) {
    return [];
  }
  return [{ claim: claimUse(chain.members), values, negated }];
}

function scalarOf(expr: Expr | undefined): Scalar | undefined {
  if (expr?.exprKind.case !== 'constExpr') return undefined;
  const { case: kind, value } = expr.exprKind.value.constantKind;
  if (kind === 'stringValue' || kind === 'boolValue') return value;
  const isNumber = kind === 'int64Value' || kind === 'uint64Value' || kind === 'doubleValue';
  return isNumber ? Number(value) : undefined;
}
