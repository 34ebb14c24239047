import type { Problem } from '../errors.ts';
import { type ClaimUse, claimUse } from './claim-name.ts';
import type { RoleSpec, SubjectRules } from './policy.ts';
import { mergeTags, mixedWithQueue, scopedTemplate, type ScopedTemplate } from './scoped.ts';
import { parseSubjectTemplate, type Direction, type SubjectTemplate } from './subject.ts';
import type { Reference } from './template.ts';

/** The allow and deny lists of a role, ready to be filled in. */
export interface CompiledRules {
  readonly allow: readonly SubjectTemplate[];
  readonly deny: readonly SubjectTemplate[];
  /** Set if no entry has a reference: the same frozen object for every grant. */
  readonly fixed: SubjectRules | undefined;
}

/** A role in the form of a scoped signing key. */
interface ScopedRole {
  readonly publish: SubjectRules;
  readonly subscribe: SubjectRules;
  /** Tag name → the value of the tag. */
  readonly tags: ReadonlyMap<string, Reference>;
  /** Requires NATS 2.11, because a reference is only part of a subject token. */
  readonly partOfToken: boolean;
}

export interface CompiledRole {
  readonly spec: RoleSpec;
  readonly publish: CompiledRules;
  readonly subscribe: CompiledRules;
  /** Every reference in any of the role's entries, once. */
  readonly references: readonly Reference[];
  /** Every claim that the references read. */
  readonly looksAt: readonly ClaimUse[];
  /** The role in the form of a scoped signing key, or why it has none. */
  readonly scoped: ScopedRole | { readonly whyNot: string };
}

const MAX_ENTRIES = 1000;

/** Compiles one role. Adds every problem to `problems`, and leaves out entries that have one. */
export function compileRole(spec: RoleSpec, path: string, problems: Problem[]): CompiledRole {
  const report = (at: string, message: string) => problems.push({ path: `${path}.${at}`, message });
  if (typeof spec.account !== 'string' || spec.account === '') {
    report('account', 'is missing: name the account of the role');
  }
  if (!Number.isSafeInteger(spec.maxTtlSeconds) || spec.maxTtlSeconds < 1) {
    report('maxTtl', 'must be at least 1s');
  }
  const publish = compileRules(spec.publish, 'publish', report);
  const subscribe = compileRules(spec.subscribe, 'subscribe', report);
  const used = uniqueReferences([publish, subscribe]);
  return {
    spec,
    publish,
    subscribe,
    references: used,
    looksAt: used.flatMap(({ source }) => (source.kind === 'claim' ? [claimUse(source.path)] : [])),
    scoped: scope(publish, subscribe),
  };
}

function compileRules(
  rules: Partial<SubjectRules> | undefined,
  direction: Direction,
  report: (at: string, message: string) => void,
): CompiledRules {
  const read = (list: 'allow' | 'deny'): SubjectTemplate[] => {
    const entries: unknown = rules?.[list] ?? [];
    if (!Array.isArray(entries)) {
      report(`${direction}.${list}`, 'is not a list: write a list of subjects');
      return [];
    }
    if (entries.length > MAX_ENTRIES) {
      report(
        `${direction}.${list}`,
        `has more than ${MAX_ENTRIES} subjects: combine them with wildcards`,
      );
      return [];
    }
    return entries.flatMap((entry: unknown, index) => {
      const parsed = parseSubjectTemplate(entry, direction);
      if (typeof parsed !== 'string') return [parsed];
      report(`${direction}.${list}[${index}]`, parsed);
      return [];
    });
  };
  const allow = read('allow');
  const deny = read('deny');
  return { allow, deny, fixed: fixedRules(allow, deny) };
}

/** Frozen and created once, because callers cache by identity (`===`). */
function fixedRules(
  allow: readonly SubjectTemplate[],
  deny: readonly SubjectTemplate[],
): SubjectRules | undefined {
  if ([...allow, ...deny].some(({ template }) => template.references.length > 0)) return undefined;
  const texts = (list: readonly SubjectTemplate[]) =>
    Object.freeze(list.map(({ template }) => template.text));
  return Object.freeze({ allow: texts(allow), deny: texts(deny) });
}

function uniqueReferences(rules: readonly CompiledRules[]): Reference[] {
  const entries = rules.flatMap(({ allow, deny }) => [...allow, ...deny]);
  const all = entries.flatMap(({ template }) => template.references);
  return [...new Map(all.map((reference) => [reference.key, reference])).values()];
}

function scope(publish: CompiledRules, subscribe: CompiledRules): CompiledRole['scoped'] {
  const scoped: ScopedTemplate[] = [];
  const whyNot: string[] = [];
  const convert = (list: readonly SubjectTemplate[]): string[] => {
    const mixed = mixedWithQueue(list);
    if (mixed !== undefined) whyNot.push(mixed);
    return list.flatMap((entry) => {
      const read = scopedTemplate(entry);
      if (typeof read === 'string') {
        whyNot.push(read);
        return [];
      }
      scoped.push(read);
      return [read.text];
    });
  };
  const rules = {
    publish: { allow: convert(publish.allow), deny: convert(publish.deny) },
    subscribe: { allow: convert(subscribe.allow), deny: convert(subscribe.deny) },
  };
  const tags = mergeTags(scoped);
  if (typeof tags === 'string') whyNot.push(tags);
  if (typeof tags === 'string' || whyNot.length > 0) return { whyNot: whyNot.join('; ') };
  return { ...rules, tags, partOfToken: scoped.some(({ partOfToken }) => partOfToken) };
}
