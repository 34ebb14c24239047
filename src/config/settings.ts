import type { z } from 'zod';
import type { Findings } from './findings.ts';
import { child } from './path.ts';
import { PRESETS, presetFor } from './presets/index.ts';
import { readPart } from './read.ts';
import { type AccountSettings, accountSchema } from './schema/account.ts';
import { type BindingSettings, bindingSchema } from './schema/binding.ts';
import { configSchema, SECTIONS } from './schema/config.ts';
import type { ResolvedIssuer } from './schema/issuer.ts';
import { type RoleSettings, roleSchema } from './schema/role.ts';
import { NAME, NAME_RULE } from './schema/scalars.ts';
import { didYouMean, nearest } from '../suggest.ts';

type Sections = { [Key in keyof typeof SECTIONS]: z.output<(typeof SECTIONS)[Key]> };

/** A mapping whose keys the operator chose. */
export interface Named<T> {
  /** Entries that could be read. */
  readonly entries: ReadonlyMap<string, T>;
  /** All names in the file, including those with a broken entry, which are not "unknown". */
  readonly names: ReadonlySet<string>;
}

/** The file read by its schema, part by part. Parts that could not be read have their defaults or are absent. */
export interface Settings extends Sections {
  readonly accounts: Named<AccountSettings>;
  readonly issuers: Named<ResolvedIssuer>;
  readonly roles: Named<RoleSettings>;
  /** `index` is its position in the file's list. */
  readonly bindings: readonly { readonly index: number; readonly settings: BindingSettings }[];
}

type Mapping = Readonly<Record<string, unknown>>;

/** Reads what can be read; every mistake goes to `findings`. Undefined when the file is no mapping. */
export function readSettings(tree: unknown, findings: Findings): Settings | undefined {
  if (!isMapping(tree)) {
    findings.problem('', 'is not a mapping: begin with keys such as "listen:" and "issuers:"');
    return undefined;
  }
  const known = Object.keys(configSchema.shape);
  for (const key of Object.keys(tree)) {
    if (!known.includes(key)) findings.problem(key, `unknown key${didYouMean(key, known)}`);
  }
  return {
    ...readSections(tree, findings),
    accounts: readNamed(tree, 'accounts', () => accountSchema, findings),
    issuers: readNamed(tree, 'issuers', issuerSchemaFor, findings),
    roles: readNamed(tree, 'roles', () => roleSchema, findings),
    bindings: readBindings(tree, findings),
  };
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readSections(tree: Mapping, findings: Findings): Sections {
  const read = <T>(key: keyof typeof SECTIONS, schema: z.ZodType<T>): T => {
    const value = own(tree, key);
    // `audit:` with everything below it commented out gets the defaults.
    const part = value === null ? undefined : value;
    // Sections are optional or have defaults throughout, so an absent one always reads.
    return readPart(schema, part, key, findings) ?? schema.parse(undefined);
  };
  return {
    listen: read('listen', SECTIONS.listen),
    publicUrl: read('publicUrl', SECTIONS.publicUrl),
    nats: read('nats', SECTIONS.nats),
    store: read('store', SECTIONS.store),
    audit: read('audit', SECTIONS.audit),
    rateLimit: read('rateLimit', SECTIONS.rateLimit),
    limits: read('limits', SECTIONS.limits),
    workers: read('workers', SECTIONS.workers),
    contact: read('contact', SECTIONS.contact),
    branding: read('branding', SECTIONS.branding),
    sealingKey: read('sealingKey', SECTIONS.sealingKey),
    rotator: read('rotator', SECTIONS.rotator),
    admin: read('admin', SECTIONS.admin),
    callout: read('callout', SECTIONS.callout),
  };
}

function readNamed<T>(
  tree: Mapping,
  key: string,
  schemaFor: (entry: unknown, path: string, findings: Findings) => z.ZodType<T> | undefined,
  findings: Findings,
): Named<T> {
  const entries = new Map<string, T>();
  const mapping = own(tree, key);
  if (!isMapping(mapping) || Object.keys(mapping).length === 0) {
    const state = mapping === undefined || mapping === null ? 'is missing' : 'must be a mapping';
    if (mapping === undefined && isMisspelled(tree, key)) return { entries, names: new Set() };
    findings.problem(key, `${state}: give at least one entry under a name of your choice`);
    return { entries, names: new Set() };
  }
  for (const [name, value] of Object.entries(mapping)) {
    const path = child(key, name);
    if (!NAME.test(name)) findings.problem(path, `is not a valid name: ${NAME_RULE}`);
    const schema = schemaFor(value, path, findings);
    const entry = schema && readPart(schema, value, path, findings);
    if (entry !== undefined) entries.set(name, entry);
  }
  return { entries, names: new Set(Object.keys(mapping)) };
}

function issuerSchemaFor(
  entry: unknown,
  path: string,
  findings: Findings,
): z.ZodType<ResolvedIssuer> | undefined {
  const id = isMapping(entry) ? own(entry, 'preset') : undefined;
  const preset = presetFor(id);
  if (preset) return preset.schema;
  const known = PRESETS.flatMap((preset) => preset.id ?? []);
  const guess = typeof id === 'string' ? didYouMean(id, known) : '';
  findings.problem(
    child(path, 'preset'),
    `unknown preset${guess}: write one of ${known.join(', ')}, or remove it and give issuer`,
  );
  return undefined;
}

function readBindings(tree: Mapping, findings: Findings): Settings['bindings'] {
  const list = own(tree, 'bindings');
  if (!Array.isArray(list)) {
    if (list === undefined && isMisspelled(tree, 'bindings')) return [];
    const state = list === undefined || list === null ? 'is missing' : 'must be a list';
    findings.problem('bindings', `${state}: without a binding nobody gets a credential`);
    return [];
  }
  return list.flatMap((value: unknown, index) => {
    const settings = readPart(bindingSchema, value, `bindings[${index}]`, findings);
    return settings === undefined ? [] : [{ index, settings }];
  });
}

/** Whether an unknown key was probably meant for this one. That was reported, and is one mistake. */
function isMisspelled(tree: Mapping, key: string): boolean {
  const known = Object.keys(configSchema.shape);
  return Object.keys(tree).some((word) => !known.includes(word) && nearest(word, known) === key);
}

function own(mapping: Mapping, key: string): unknown {
  return Object.hasOwn(mapping, key) ? mapping[key] : undefined;
}
