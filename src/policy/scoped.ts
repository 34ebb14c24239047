import type { Reference, Template } from './template.ts';
import type { SubjectTemplate } from './subject.ts';

/** How a template reads on a scoped signing key. */
export interface ScopedTemplate {
  /** With NATS's own references in it: `orders.{{tag(repository_id)}}.>`. */
  readonly text: string;
  /** Tag name → what the tag holds. */
  readonly tags: ReadonlyMap<string, Reference>;
  /** A reference is only a part of its subject token, which servers know since 2.11. */
  readonly partOfToken: boolean;
}

/** Tags that nats-sts sets for itself begin with this. */
const RESERVED_PREFIX = 'sts-';
/** NATS lower-cases tags and parts name from value at the first colon. */
const TAG_NAME = /^[a-z0-9_-]+$/;

/**
 * The same template as a scoped signing key carries it, where the server fills it in from the user
 * JWT's tags (NATS server 2.9). Answers why that can't be as a text. A claim's values decide as well:
 * see `Grant.templateTagsUnavailable`.
 */
export function scopedTemplate({ template, queue }: SubjectTemplate): ScopedTemplate | string {
  const used = template.references;
  if (queue && used.length > 0) {
    return `"${template.text}" fills in a queue rule, which a scoped signing key can't`;
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
    if (!TAG_NAME.test(name))
      return `"${part.text}" makes no tag name (lower-case a-z, 0-9, _ and -)`;
    if (name.startsWith(RESERVED_PREFIX)) {
      return `"${part.text}" would be a tag beginning with "${RESERVED_PREFIX}", which is reserved`;
    }
    if ((tags.get(name) ?? part).key !== part.key) return clash(name);
    tags.set(name, part);
    text += `{{tag(${name})}}`;
  }
  return { text, tags, partOfToken: hasPartOfToken(template) };
}

/**
 * Why a list can't be a scoped signing key's: as soon as one of its entries has a reference, servers
 * take none that names a queue group. They drop it from `allow`, and refuse the user if it is in `deny`.
 */
export function mixedWithQueue(list: readonly SubjectTemplate[]): string | undefined {
  const queue = list.find((entry) => entry.queue && entry.template.references.length === 0);
  const filled = list.find((entry) => !entry.queue && entry.template.references.length > 0);
  if (!queue || !filled) return undefined;
  return `"${queue.template.text}" names a queue group, which a scoped signing key can't hold in one list with "${filled.template.text}"`;
}

/** The tags of all templates of a role together, or why they can't be. */
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
  return `the tag "${name}" would have to hold two different values`;
}

function tagName({ source }: Reference): string {
  return source.kind === 'claim' ? source.path.join('-') : source.kind;
}

/** Per subject token: how many references, and whether there is anything else. */
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
