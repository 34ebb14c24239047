import { Refusal } from '../errors.ts';
import { lookUp, own } from '../identity/claims.ts';
import type { Identity, Json } from '../identity/identity.ts';
import { isExact } from './exact.ts';
import type { SubjectRules } from './policy.ts';
import type { CompiledRole, CompiledRules } from './role.ts';
import type { SubjectTemplate } from './subject.ts';
import type { Reference, Template } from './template.ts';
import { encodeToken, isPlainToken } from './token.ts';

/** A role's rules and tags for one identity. */
export interface Filled {
  readonly publish: SubjectRules;
  readonly subscribe: SubjectRules;
  readonly templateTags: Readonly<Record<string, string>>;
  /** Why `templateTags` cannot replace the rules; see `Grant.templateTagsUnavailable`. */
  readonly templateTagsUnavailable?: string;
}

/** Maximum number of entries that the lists of one grant may expand to. */
const MAX_MULTIPLIED = 64;

const NO_TAGS: Readonly<Record<string, string>> = Object.freeze({});

/** The plain tokens of each reference, by `Reference.key`. */
type Values = ReadonlyMap<string, readonly string[]>;

/** One plain token for each reference. */
type Choice = ReadonlyMap<string, string>;

/**
 * Fills the identity's values into a role's templates. A value that is missing or is not one plain subject
 * token denies the whole grant: an entry left out or empty would mean something else than the operator
 * wrote, and in `deny` lists would allow more.
 */
export function fillRole(role: CompiledRole, identity: Identity): Filled | Refusal {
  const { publish, subscribe } = role;
  if (publish.fixed !== undefined && subscribe.fixed !== undefined) {
    return { publish: publish.fixed, subscribe: subscribe.fixed, templateTags: NO_TAGS };
  }
  const values = new Map<string, readonly string[]>();
  for (const reference of role.references) {
    const found = resolve(reference, identity);
    if (found instanceof Refusal) return found;
    values.set(reference.key, found);
  }
  const room = { left: MAX_MULTIPLIED };
  const published = fillRules(publish, values, room);
  if (published instanceof Refusal) return published;
  const subscribed = fillRules(subscribe, values, room);
  if (subscribed instanceof Refusal) return subscribed;
  return { publish: published, subscribe: subscribed, ...tags(role, values) };
}

function resolve(reference: Reference, identity: Identity): readonly string[] | Refusal {
  const { source } = reference;
  if (source.kind === 'issuer') return tokensOf(identity.issuerName, reference);
  if (source.kind === 'subject') return tokensOf(identity.subject, reference);
  const value = lookUp(identity.claims, source.path);
  if (value === undefined || value === null) {
    return new Refusal(
      'template_claim_missing',
      `The role needs "${reference.text}", which the token does not have.`,
    );
  }
  // An unverified address may belong to someone else (nOAuth), whose subjects it must not open.
  if (source.path[0] === 'email' && own(identity.claims, 'email_verified') !== true) {
    return unsafe(reference, 'is not verified: the token does not say "email_verified": true');
  }
  if (!isExact(value))
    return unsafe(reference, 'is or contains a number beyond 2^53, which may have been rounded');
  return tokensOf(value, reference);
}

function tokensOf(value: Json, reference: Reference): readonly string[] | Refusal {
  if (!Array.isArray(value)) {
    const token = tokenOf(value, reference);
    return token instanceof Refusal ? token : [token];
  }
  if (value.length === 0) return unsafe(reference, 'is an empty list');
  if (value.length > MAX_MULTIPLIED) return tooMany(reference.text);
  const tokens = new Set<string>();
  for (const element of value) {
    const token = tokenOf(element, reference);
    if (token instanceof Refusal) return token;
    tokens.add(token);
  }
  return [...tokens];
}

function tokenOf(value: Json, reference: Reference): string | Refusal {
  const text = scalarText(value);
  if (text === undefined) {
    return unsafe(reference, 'is not text, a whole number, true, or false');
  }
  const token = reference.encode ? encodeToken(text) : text;
  if (isPlainToken(token)) return token;
  return unsafe(
    reference,
    'is not one plain subject token',
    reference.encode ? '' : ` The operator can encode it: {{${reference.text} | token}}.`,
  );
}

function scalarText(value: Json): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || Number.isSafeInteger(value)) return JSON.stringify(value);
  return undefined;
}

function fillRules(
  rules: CompiledRules,
  values: Values,
  room: { left: number },
): SubjectRules | Refusal {
  if (rules.fixed !== undefined) return rules.fixed;
  const allow = fillList(rules.allow, values, room);
  if (allow instanceof Refusal) return allow;
  const deny = fillList(rules.deny, values, room);
  if (deny instanceof Refusal) return deny;
  return { allow, deny };
}

function fillList(
  entries: readonly SubjectTemplate[],
  values: Values,
  room: { left: number },
): readonly string[] | Refusal {
  const filled = new Set<string>();
  for (const { template } of entries) {
    if (template.references.length === 0) {
      filled.add(template.text);
      continue;
    }
    const choices = combinations(template, values);
    if (choices.length > 1) room.left -= choices.length;
    if (room.left < 0) return tooMany(template.text);
    for (const choice of choices) {
      const subject = fillTemplate(template, choice);
      if (subject instanceof Refusal) return subject;
      filled.add(subject);
    }
  }
  return [...filled];
}

/** Every way to choose one value for each reference. A claim used twice has the same value in both. */
function combinations(template: Template, values: Values): readonly Choice[] {
  const only = onlyChoice(template, values);
  if (only !== undefined) return [only];
  let choices: Choice[] = [new Map()];
  for (const key of new Set(template.references.map((reference) => reference.key))) {
    choices = choices.flatMap((choice) =>
      (values.get(key) ?? []).map((value) => new Map([...choice, [key, value]])),
    );
    // Already too many: stop.
    if (choices.length > MAX_MULTIPLIED) break;
  }
  return choices;
}

/** The choice where each claim has one value, which is the rule; undefined if there are more. */
function onlyChoice({ references }: Template, values: Values): Choice | undefined {
  const only = new Map<string, string>();
  for (const { key } of references) {
    const found = values.get(key);
    if (found?.length !== 1) return undefined;
    only.set(key, found[0] ?? '');
  }
  return only;
}

function fillTemplate({ parts }: Template, choice: Choice): string | Refusal {
  let text = '';
  for (const part of parts) text += typeof part === 'string' ? part : (choice.get(part.key) ?? '');
  const [first] = parts;
  // NATS reserves subjects that begin with "_": `_INBOX.>` receives everyone's replies.
  if (typeof first === 'object' && !first.encode && text.startsWith('_')) {
    return unsafe(
      first,
      'begins with "_", which NATS reserves, and is at the beginning of the subject',
    );
  }
  return text;
}

/** Tags are lower case, and a scoped signing key cannot expand lists as `fillList` does. */
function tags(
  role: CompiledRole,
  values: Values,
): Pick<Filled, 'templateTags' | 'templateTagsUnavailable'> {
  const unavailable = (why: string) => ({ templateTags: NO_TAGS, templateTagsUnavailable: why });
  if ('whyNot' in role.scoped) return unavailable(role.scoped.whyNot);
  const entries: [string, string][] = [];
  for (const [name, reference] of role.scoped.tags) {
    const [value, ...more] = values.get(reference.key) ?? [];
    if (value === undefined || more.length > 0) return unavailable(`"${reference.text}" is a list`);
    if (value !== value.toLowerCase()) {
      return unavailable(`"${reference.text}" has upper-case letters, which NATS tags lose`);
    }
    entries.push([name, value]);
  }
  return { templateTags: Object.fromEntries(entries) };
}

function unsafe(reference: Reference, what: string, advice = ''): Refusal {
  return new Refusal(
    'template_value_unsafe',
    `The role needs "${reference.text}", which ${what}.${advice}`,
  );
}

function tooMany(text: string): Refusal {
  return new Refusal(
    'template_value_unsafe',
    `"${text}" expands to more than ${MAX_MULTIPLIED} subjects.`,
  );
}
