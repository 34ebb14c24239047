import { parseClaimName } from '../../policy/claim-name.ts';
import { isList, type MatchSpec, type Scalar } from '../../policy/match/grammar.ts';
import { type ClaimType, type OperatorSpec, readOperator } from '../../policy/match/operators.ts';
import type { Policy } from '../../policy/compile.ts';
import { comparisonsOf } from '../../policy/when/when.ts';
import { type ClaimFacts, typeOfClaim } from '../presets/claim-facts.ts';
import type { Settings } from '../settings.ts';
import { type BindingView, type Hint, perBinding, type Pitfall } from './pitfall.ts';

/** Whether a condition depends on the value of a claim of this type, or has the same result for all. */
type Outcome = 'open' | 'never' | 'always';

interface Finding extends Hint {
  readonly outcome: 'never' | 'always';
}

/** `claim-type`: a comparison with a value of another type than the provider's claim has. */
export const claimType: Pitfall = (settings, policy) => found(settings, policy, 'never');

/** The same under `not`: such a condition excludes nobody, which is an error. */
export function claimTypesThatExcludeNobody(settings: Settings, policy: Policy): Iterable<Hint> {
  return found(settings, policy, 'always');
}

function* found(settings: Settings, policy: Policy, outcome: Finding['outcome']): Iterable<Hint> {
  const look = (binding: BindingView) =>
    [...inMatch(binding), ...inWhen(binding)].filter((finding) => finding.outcome === outcome);
  for (const { path, message } of perBinding(look)(settings, policy)) yield { path, message };
}

function inMatch({ match, path, facts }: BindingView): Finding[] {
  return Object.entries(match).flatMap(([key, spec]): Finding[] => {
    const claim = parseClaimName(key);
    const type = typeof claim === 'string' ? undefined : typeOfClaim(facts, claim.name);
    const outcome = type === undefined ? 'open' : outcomeOf(spec, type);
    if (type === undefined || outcome === 'open') return [];
    const what = describe(facts, type, firstMisfit(spec, type));
    return [{ path: `${path}.match.${key}`, outcome, message: `${CONSEQUENCE[outcome]}: ${what}` }];
  });
}

function inWhen({ when, path, facts }: BindingView): Finding[] {
  if (when === undefined) return [];
  const known = comparisonsOf(when).flatMap(({ claim, values, negated }) => {
    const type = typeOfClaim(facts, claim.name);
    if (type === undefined) return [];
    const fits = values.some((value) => typeOf(value) === type);
    return [{ claim, type, fits, value: values[0], negated }];
  });
  // Comparing with both `true` and "true" is cautious, not wrong.
  const careful = new Set(known.flatMap(({ fits, claim }) => (fits ? [claim.name] : [])));
  return known
    .filter(({ claim }) => !careful.has(claim.name))
    .map(({ claim, type, value, negated }): Finding => {
      const outcome = negated ? 'always' : 'never';
      const what = describe(facts, type, value);
      const message = `${CONSEQUENCE[outcome]} for ${claim.name}: ${what}`;
      return { path: `${path}.when`, outcome, message };
    });
}

const CONSEQUENCE = { never: 'never matches', always: 'excludes nobody' } as const;

function outcomeOf(spec: MatchSpec, type: ClaimType): Outcome {
  if (isList(spec)) return anyOf(spec.map((value) => outcomeOf(value, type)));
  if (typeof spec === 'object' && 'all' in spec) {
    return allOf(spec.all.map((value) => outcomeOf(value, type)));
  }
  if (typeof spec === 'object' && 'not' in spec) return OPPOSITE[outcomeOf(spec.not, type)];
  return typeOf(spec) === type ? 'open' : 'never';
}

const OPPOSITE = { open: 'open', never: 'always', always: 'never' } as const;

function anyOf(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes('always')) return 'always';
  return outcomes.includes('open') ? 'open' : 'never';
}

function allOf(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes('never')) return 'never';
  return outcomes.includes('open') ? 'open' : 'always';
}

/** What to show. */
type Misfit = Scalar | OperatorSpec;

function firstMisfit(spec: MatchSpec, type: ClaimType): Misfit | undefined {
  if (isList(spec)) return spec.map((value) => firstMisfit(value, type)).find(isGiven);
  if (typeof spec === 'object' && 'all' in spec) return firstMisfit(spec.all, type);
  if (typeof spec === 'object' && 'not' in spec) return firstMisfit(spec.not, type);
  return typeOf(spec) === type ? undefined : spec;
}

function isGiven(value: Misfit | undefined): boolean {
  return value !== undefined;
}

function typeOf(value: Misfit): ClaimType {
  if (typeof value === 'object') return readOperator(value).claimType;
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? 'number' : 'flag';
}

const IN_WORDS = { text: 'text', number: 'a number', flag: 'true or false' } as const;

function describe(facts: ClaimFacts & { title: string }, type: ClaimType, value?: Misfit): string {
  const claims = `tokens of ${facts.title} have ${IN_WORDS[type]} here`;
  if (value === undefined) return claims;
  if (typeof value === 'object') {
    return `${claims}, and ${readOperator(value).name} matches only ${IN_WORDS[typeOf(value)]}`;
  }
  const compared = `${JSON.stringify(value)} is ${IN_WORDS[typeOf(value)]}`;
  const advice =
    type === 'text'
      ? `write ${JSON.stringify(String(value))}, in quotes`
      : 'write it without quotes';
  return `${claims}, but ${compared}; ${advice}`;
}
