import { parseTemplate, type Template } from './template.ts';

/** Which list of a role a subject stands in: only subscribing knows queue groups. */
export type Direction = 'publish' | 'subscribe';

/** One entry of a role's rules, read. */
export interface SubjectTemplate {
  readonly template: Template;
  /** A queue rule, `subject queue`: the subject may only be subscribed to in that queue group. */
  readonly queue: boolean;
}

/** Longest entry that is read, in characters. */
const MAX_LENGTH = 1024;
/** Stands for a reference while the tokens around it are looked at. */
const PLACEHOLDER = 'x';

/**
 * Reads one NATS subject, or subject template, as the operator writes it (NATS ADR-6): tokens parted by
 * dots, `*` for any one token, `>` last for all that follow. A subscribe entry may name a queue group
 * after one blank. Answers what is wrong and what to write instead as a text, else the entry.
 */
export function parseSubjectTemplate(
  text: unknown,
  direction: Direction,
): SubjectTemplate | string {
  if (typeof text !== 'string') return 'a subject is a text; put it in quotes';
  if (text === '') return 'a subject is empty; leave the entry out';
  if (text.length > MAX_LENGTH) return `a subject is at most ${MAX_LENGTH} characters long`;
  const template = parseTemplate(text);
  if (typeof template === 'string') return template;
  // What is inside the references may hold blanks and dots; what is around them may not.
  const outline = template.parts
    .map((part) => (typeof part === 'string' ? part : PLACEHOLDER))
    .join('');
  const problem = checkOutline(outline, direction);
  return problem ?? { template, queue: outline.includes(' ') };
}

/** What is wrong with one entry of a role's rules, if anything is. */
export function checkSubjectTemplate(text: unknown, direction: Direction): string | undefined {
  const parsed = parseSubjectTemplate(text, direction);
  return typeof parsed === 'string' ? parsed : undefined;
}

function checkOutline(outline: string, direction: Direction): string | undefined {
  const words = outline.split(' ');
  if (words.length > 1 && direction === 'publish') {
    return 'a subject holds no blanks (only a subscribe rule may name a queue group after one)';
  }
  if (words.length > 2 || words.includes('')) {
    return 'a subject holds no blanks; a queue rule is "subject queue", with one blank between';
  }
  for (const word of words) {
    const problem = checkTokens(word);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checkTokens(subject: string): string | undefined {
  if (/[\p{C}\p{Z}]/u.test(subject)) return 'a subject holds no blanks and no control characters';
  const tokens = subject.split('.');
  for (const [index, token] of tokens.entries()) {
    if (token === '') {
      return 'a token is empty: a subject neither begins nor ends with a dot and has no two in a row';
    }
    if (token === '>' && index < tokens.length - 1) {
      return '">" stands for all tokens that follow and only comes last; "*" stands for one token';
    }
    if (token !== '*' && token !== '>' && /[*>]/.test(token)) {
      return `"${token.includes('*') ? '*' : '>'}" is a wildcard only as a whole token; write it between dots`;
    }
  }
  return undefined;
}
