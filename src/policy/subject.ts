import { parseTemplate, type Template } from './template.ts';

/** Whether a subject is for publishing or subscribing. Only subscribing has queue groups. */
export type Direction = 'publish' | 'subscribe';

/** One entry of a role's rules, parsed. */
export interface SubjectTemplate {
  readonly template: Template;
  /** A queue rule, `subject queue`: allows subscribing to the subject only in that queue group. */
  readonly queue: boolean;
}

/** Maximum length of an entry, in characters. */
const MAX_LENGTH = 1024;
/** Replaces references while the tokens around them are checked. */
const PLACEHOLDER = 'x';

/**
 * Parses one NATS subject, or subject template (NATS ADR-6): tokens separated by dots, `*` for any one
 * token, `>` at the end for all that follow. A subscribe entry may name a queue group after one space.
 * Returns the entry, or what is wrong and what to write instead.
 */
export function parseSubjectTemplate(
  text: unknown,
  direction: Direction,
): SubjectTemplate | string {
  if (typeof text !== 'string') return 'is not text: put the subject in quotes';
  if (text === '') return 'is empty: write a subject, or remove the entry';
  if (text.length > MAX_LENGTH)
    return `is longer than ${MAX_LENGTH} characters: shorten the subject`;
  const template = parseTemplate(text);
  if (typeof template === 'string') return template;
  // References may contain spaces and dots; the text around them may not.
  const outline = template.parts
    .map((part) => (typeof part === 'string' ? part : PLACEHOLDER))
    .join('');
  const problem = checkOutline(outline, direction);
  return problem ?? { template, queue: outline.includes(' ') };
}

/** What is wrong with one entry of a role's rules, or undefined. */
export function checkSubjectTemplate(text: unknown, direction: Direction): string | undefined {
  const parsed = parseSubjectTemplate(text, direction);
  return typeof parsed === 'string' ? parsed : undefined;
}

function checkOutline(outline: string, direction: Direction): string | undefined {
  const words = outline.split(' ');
  if (words.length > 1 && direction === 'publish') {
    return 'contains a space: remove it (only a subscribe rule may name a queue group, after one space)';
  }
  if (words.length > 2 || words.includes('')) {
    return 'has too many spaces: write a subject, or a subject and a queue group separated by one space';
  }
  for (const word of words) {
    const problem = checkTokens(word);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checkTokens(subject: string): string | undefined {
  if (/[\p{C}\p{Z}]/u.test(subject))
    return 'contains whitespace or control characters: remove them';
  const tokens = subject.split('.');
  for (const [index, token] of tokens.entries()) {
    if (token === '') {
      return 'has an empty token: remove the dot at the beginning or end, or one of two in a row';
    }
    if (token === '>' && index < tokens.length - 1) {
      return 'has ">" before its end: write "*" for one token; ">", for all that follow, must be last';
    }
    if (token !== '*' && token !== '>' && /[*>]/.test(token)) {
      return `has "${token.includes('*') ? '*' : '>'}" inside a token: a wildcard must be a whole token, between dots`;
    }
  }
  return undefined;
}
