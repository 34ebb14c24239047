import type { Reference, Template } from './template.ts';
import type { SubjectTemplate } from './subject.ts';

/** A template in the form of a scoped signing key. */
export interface ScopedTemplate {
  /** With NATS references in it: `orders.{{tag(repository_id)}}.>`. */
  readonly text: string;
  /** Tag name → the value of the tag. */
  readonly tags: ReadonlyMap<string, Reference>;
  /** A reference is only part of its subject token, which requires NATS 2.11. */
  readonly partOfToken: boolean;
}

/** Prefix of the tags that nats-sts itself sets. */
const RESERVED_PREFIX = 'sts-';
/** NATS lower-cases tags, and splits name and value at the first colon. */
const TAG_NAME = /^[a-z0-9_-]+$/;

/**
 * The template in the form of a scoped signing key, which servers fill in from the tags of the user JWT
 * (NATS 2.9), or why it has none. Whether it works also depends on claim values: see
 * `Grant.templateTagsUnavailable`.
 */
export function scopedTemplate({ template, queue }: SubjectTemplate): ScopedTemplate | string {
  const used = template.references;
  if (queue && used.length > 0) {
    return `"${template.text}" is a template in a queue rule, which a scoped signing key cannot have`;
  }
  if (hasTokenWithTwo(template)) {
    return `"${template.text}" has two references in one subject token`;
  }
  const tags = new Map<string, Reference>();
  let text = '';
  for (const part of template.parts) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const name = tagName(part);
    if (!TAG_NAME.test(name)) return `"${part.text}" cannot be a tag name (a-z, 0-9, _ and -)`;
    if (name.startsWith(RESERVED_PREFIX)) {
      return `"${part.text}" would be a tag that begins with "${RESERVED_PREFIX}", which is reserved`;
    }
    if ((tags.get(name) ?? part).key !== part.key) return clash(name);
    tags.set(name, part);
    text += `{{tag(${name})}}`;
  }
  return { text, tags, partOfToken: hasPartOfToken(template) };
}

/**
 * Why a scoped signing key cannot have this list: if one entry has a reference, servers accept none with a
 * queue group. They drop it from `allow`, and reject the user if it is in `deny`.
 */
export function mixedWithQueue(list: readonly SubjectTemplate[]): string | undefined {
  const queue = list.find((entry) => entry.queue && entry.template.references.length === 0);
  const filled = list.find((entry) => !entry.queue && entry.template.references.length > 0);
  if (!queue || !filled) return undefined;
  return `"${queue.template.text}" names a queue group, which a scoped signing key cannot have in one list with the template "${filled.template.text}"`;
}

/** The tags of all templates of a role, or why they conflict. */
export function mergeTags(all: readonly ScopedTemplate[]): ReadonlyMap<string, Reference> | string {
  const merged = new Map<string, Reference>();
  for (const { tags } of all) {
    for (const [name, reference] of tags) {
      if ((merged.get(name) ?? reference).key !== reference.key) return clash(name);
      merged.set(name, reference);
    }
  }
  return merged;
}

function clash(name: string): string {
  return `the tag "${name}" would need two different values`;
}

function tagName({ source }: Reference): string {
  return source.kind === 'claim' ? source.path.join('-') : source.kind;
}

/** For each subject token: how many references it has, and whether it has anything else. */
function tokens({ parts }: Template): { references: number; literal: boolean }[] {
  const found = [{ references: 0, literal: false }];
  for (const part of parts) {
    if (typeof part !== 'string') {
      (found.at(-1) ?? { references: 0 }).references += 1;
      continue;
    }
    for (const [index, piece] of part.split(/[. ]/).entries()) {
      if (index > 0) found.push({ references: 0, literal: false });
      const last = found.at(-1);
      if (last !== undefined && piece !== '') last.literal = true;
    }
  }
  return found;
}

function hasTokenWithTwo(template: Template): boolean {
  return tokens(template).some(({ references }) => references > 1);
}

function hasPartOfToken(template: Template): boolean {
  return tokens(template).some(({ references, literal }) => references > 0 && literal);
}
