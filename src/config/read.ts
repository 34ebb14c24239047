import { z } from 'zod';
import type { Findings } from './findings.ts';
import { child, pathOf } from './path.ts';
import { didYouMean, nearest } from '../suggest.ts';

/**
 * Reads one part of the file by its schema and reports every mistake.
 *
 * A part with mistakes is read again without the keys that have them, so that later stages can check the
 * rest. Undefined when nothing usable is left.
 */
export function readPart<T>(
  schema: z.ZodType<T>,
  value: unknown,
  path: string,
  findings: Findings,
): T | undefined {
  const result = schema.safeParse(value, { error: describe });
  if (result.success) return result.data;
  const misspelled = new Set(result.error.issues.flatMap((issue) => meantBy(schema, issue)));
  for (const issue of result.error.issues) {
    // `role:` for `roles:` is one mistake: do not also report that `roles` is missing.
    if (misspelled.has(pathOf(issue.path)) && valueAt(value, issue.path) === undefined) continue;
    report(schema, issue, path, findings);
  }
  const rest = withoutFaults(value, result.error.issues);
  return rest === undefined ? undefined : schema.safeParse(rest).data;
}

/** Paths of the keys for which unknown ones were probably meant. */
function meantBy(schema: z.ZodType, issue: z.core.$ZodIssue): string[] {
  if (issue.code !== 'unrecognized_keys') return [];
  const known = keysAt(schema, issue.path);
  return issue.keys.flatMap((key) => {
    const meant = nearest(key, known);
    return meant === undefined ? [] : pathOf([...issue.path, meant]);
  });
}

function valueAt(value: unknown, steps: readonly PropertyKey[]): unknown {
  return steps.reduce<unknown>(
    (here, step) =>
      typeof here === 'object' && here !== null && Object.hasOwn(here, step)
        ? (here as Record<PropertyKey, unknown>)[step]
        : undefined,
    value,
  );
}

function report(
  schema: z.ZodType,
  issue: z.core.$ZodIssue,
  path: string,
  findings: Findings,
): void {
  const at = pathOf(issue.path, path);
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path);
    for (const key of issue.keys) {
      findings.problem(child(at, key), `unknown key${didYouMean(key, known)}`);
    }
    return;
  }
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find(fitsAtTop);
    if (meant) {
      for (const inner of meant) {
        report(schema, { ...inner, path: [...issue.path, ...inner.path] }, path, findings);
      }
      return;
    }
  }
  // A reference that could not be resolved was reported already: do not also report "is missing".
  if (findings.problems.some((problem) => problem.path.startsWith(at) && at !== '')) return;
  findings.problem(at, issue.message);
}

/** Whether the value has the form of this alternative, and only an item or an unknown key is wrong. */
function fitsAtTop(issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.every(
    ({ code, path }) => typeof path[0] === 'number' || code === 'unrecognized_keys',
  );
}

function withoutFaults(value: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const faulty = new Set(
    issues.flatMap((issue) =>
      issue.path.length === 0 && issue.code === 'unrecognized_keys' ? issue.keys : [issue.path[0]],
    ),
  );
  return Object.fromEntries(Object.entries(value).filter(([key]) => !faulty.has(key)));
}

/** Messages for general mistakes; a message of the schema itself takes precedence. */
function describe(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined && issue.code !== 'custom') return 'is missing';
  if (issue.input === null) return 'is empty: give a value, or remove the key';
  if (issue.code === 'invalid_type') {
    return `must be ${kindNamed(issue.expected)}, but is ${kindOf(issue.input)}`;
  }
  if (issue.code === 'invalid_value') {
    return `write one of ${issue.values.map(String).join(', ')}`;
  }
  return undefined;
}

function kindOf(input: unknown): string {
  return kindNamed(Array.isArray(input) ? 'array' : typeof input);
}

function kindNamed(type: string): string {
  switch (type) {
    case 'string':
      return 'text (quote it if it looks like a number)';
    case 'array':
      return 'a list';
    case 'object':
    case 'record':
      return 'a mapping';
    case 'boolean':
      return 'true or false';
    default:
      return `a ${type}`;
  }
}

/** The keys that a schema defines at a path; empty if it defines none or allows any. */
function keysAt(schema: z.core.$ZodType, steps: readonly PropertyKey[]): readonly string[] {
  const [step, ...rest] = steps;
  const here = unwrap(schema);
  if (here instanceof z.ZodObject) {
    if (step === undefined) return Object.keys(here.shape);
    const member = (here.shape as Record<PropertyKey, z.core.$ZodType>)[step];
    return member === undefined ? [] : keysAt(member, rest);
  }
  if (here instanceof z.ZodUnion) return here.options.flatMap((option) => keysAt(option, steps));
  if (step === undefined) return [];
  if (here instanceof z.ZodArray) return keysAt(here.element, rest);
  if (here instanceof z.ZodRecord) return keysAt(here.valueType, rest);
  return [];
}

/** The schema below `.optional()`, `.prefault()`, `.transform()` and `z.lazy()`. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) {
    return unwrap(schema.def.innerType);
  }
  if (schema instanceof z.ZodLazy) return unwrap(schema.def.getter());
  return schema;
}
