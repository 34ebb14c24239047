import { resolve } from 'node:path';
import type { Files } from './files.ts';
import type { Findings } from './findings.ts';
import { warnOfOuterSpace, withoutOuterSpace } from './outer-space.ts';
import { child } from './path.ts';
import { isSecretPath, warnIfShared } from './secrets.ts';

/** Where a value outside the configuration file came from. */
export type Origin = { readonly env: string } | { readonly file: string };

/** The values, with every `{env: NAME}` and `{file: path}` replaced by its text. */
export interface Resolved {
  readonly value: unknown;
  /** Absolute paths of the files that were read. */
  readonly files: readonly string[];
  /** Dotted path → origin, for each value that was replaced. */
  readonly origins: ReadonlyMap<string, Origin>;
}

const MAX_DEPTH = 32;
const MAX_VALUES = 500_000;

interface Walk {
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: Files;
  readonly findings: Findings;
  readonly origins: Map<string, Origin>;
  values: number;
}

/**
 * Replaces references anywhere below `tree`, and checks what schemas cannot: depth, number of values
 * (anchors can make a small file large, or endless), and keys and numbers that JavaScript changes.
 * A reference that cannot be resolved becomes `undefined`, with a problem. Messages never contain its value.
 */
export function resolveReferences(
  tree: unknown,
  options: Pick<Walk, 'directory' | 'env' | 'files' | 'findings'>,
): Resolved {
  const walk: Walk = { ...options, origins: new Map(), values: 0 };
  const value = copy(walk, tree, '', 0);
  const files = new Set<string>();
  for (const origin of walk.origins.values()) if ('file' in origin) files.add(origin.file);
  return { value, files: [...files], origins: walk.origins };
}

function copy(walk: Walk, value: unknown, path: string, depth: number): unknown {
  walk.values += 1;
  if (walk.values === MAX_VALUES) {
    walk.findings.problem('', `contains more than ${MAX_VALUES} values: write it without aliases`);
  }
  if (walk.values >= MAX_VALUES) return undefined;
  if (depth > MAX_DEPTH) {
    walk.findings.problem(path.slice(0, 200), 'is nested too deeply: use fewer levels');
    return undefined;
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => copy(walk, item, child(path, index), depth + 1));
  }
  if (typeof value === 'object' && value !== null) return copyMapping(walk, value, path, depth);
  if (typeof value === 'number') checkNumber(walk, value, path);
  if (typeof value === 'string') warnOfOuterSpace(value, path, 'this text', walk.findings);
  return value;
}

function copyMapping(walk: Walk, mapping: object, path: string, depth: number): unknown {
  const reference = asReference(mapping, path);
  if (reference) return follow(walk, reference, path);
  const members: [string, unknown][] = [];
  for (const [key, value] of Object.entries(mapping)) {
    if (key === '__proto__')
      walk.findings.problem(path, 'the name __proto__ is not allowed: choose another');
    else members.push([key, copy(walk, value, child(path, key), depth + 1)]);
  }
  return Object.fromEntries(members);
}

/** Mappings whose keys are the operator's own names, so that `env` and `file` are names like any other. */
const NAMED_BY_OPERATOR = /^(?:accounts|issuers|roles|(?:bindings|admin)\[\d+\]\.match)$/;

function asReference(mapping: object, path: string): Origin | 'both' | undefined {
  if (NAMED_BY_OPERATOR.test(path)) return undefined;
  const keys = Object.keys(mapping);
  if (!keys.every((key) => key === 'env' || key === 'file')) return undefined;
  if (keys.length === 2) return 'both';
  const { env, file } = mapping as { env?: unknown; file?: unknown };
  if (typeof env === 'string') return { env };
  if (typeof file === 'string') return { file };
  return undefined;
}

function follow(walk: Walk, reference: Origin | 'both', path: string): string | undefined {
  if (reference === 'both') {
    walk.findings.problem(path, 'has both env and file: write either {env: NAME} or {file: path}');
    return undefined;
  }
  const origin =
    'file' in reference ? { file: resolve(walk.directory, reference.file) } : reference;
  walk.origins.set(path, origin);
  return 'file' in origin
    ? readReferenced(walk, origin.file, path)
    : readVariable(walk, origin.env, path);
}

function readVariable(walk: Walk, name: string, path: string): string | undefined {
  const value = Object.hasOwn(walk.env, name) ? walk.env[name] : undefined;
  const text = withoutOuterSpace(
    value ?? '',
    path,
    `the environment variable ${name}`,
    walk.findings,
  );
  if (text !== '') return text;
  const state = value === undefined ? 'not set' : 'empty';
  walk.findings.problem(path, `the environment variable ${name} is ${state}`);
  return undefined;
}

function readReferenced(walk: Walk, file: string, path: string): string | undefined {
  const text = walk.files.text(file);
  if (typeof text !== 'string') {
    walk.findings.problem(path, `the file ${file} ${text.reason}`);
    return undefined;
  }
  if (isSecretPath(path)) warnIfShared(file, path, walk);
  const value = withoutOuterSpace(text, path, `the file ${file}`, walk.findings);
  if (value !== '') return value;
  walk.findings.problem(path, `the file ${file} is empty: write the value into it`);
  return undefined;
}

function checkNumber({ findings }: Walk, value: number, path: string): void {
  if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return;
  findings.problem(path, 'is a number too large to be exact: put it in quotes');
}
