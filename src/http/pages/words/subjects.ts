import type { Direction } from '../../../policy/subject.ts';

/** A subject, and what it means. */
export interface SubjectWords {
  /** `everything under orders` */
  readonly words: string;
  /** As in the credential, with a queue group after a space; absent for permissions without a subject. */
  readonly subject?: string;
}

/**
 * One entry of a grant's lists, for readers who do not know subjects (NATS ADR-6: `*` matches one
 * word, `>` at the end one or more).
 */
export function subjectWords(entry: string, direction: Direction): SubjectWords {
  const [subject = '', queue] = entry.split(' ');
  const words = known(subject, direction) ?? pattern(subject);
  return {
    words: queue === undefined ? words : `${words}, shared with the queue group ${quoted(queue)}`,
    subject: entry,
  };
}

function pattern(subject: string): string {
  if (subject === '>') return 'everything';
  const open = subject.endsWith('.>');
  const parts = runs((open ? subject.slice(0, -2) : subject).split('.'));
  const [first = ''] = parts;
  if (parts.length > 1 || !first.startsWith('“')) {
    return `${parts.join(', then ')}${open ? ', then anything' : ''}`;
  }
  return open ? `everything under ${first}` : 'just this subject';
}

/** Joins adjacent words, quoted, and counts adjacent wildcards. */
function runs(tokens: readonly string[]): string[] {
  const found: { wild: boolean; tokens: string[] }[] = [];
  for (const token of tokens) {
    const wild = token === '*';
    const last = found.at(-1);
    if (last?.wild === wild) last.tokens.push(token);
    else found.push({ wild, tokens: [token] });
  }
  return found.map(({ wild, tokens }) => {
    if (!wild) return quoted(tokens.join('.'));
    return tokens.length === 1 ? 'any one word' : `any ${tokens.length} words`;
  });
}

/** Subjects that NATS itself and its clients use (ADR-4, ADR-1, ADR-8, ADR-20, ADR-32). */
function known(subject: string, direction: Direction): string | undefined {
  if (subject === '_INBOX.>') {
    return direction === 'subscribe'
      ? 'replies to your own requests'
      : 'replies to anyone’s requests';
  }
  if (subject === '$JS.API.>') return 'the whole JetStream API';
  if (subject === '$JS.ACK.>') return 'acknowledgements of JetStream messages';
  if (subject === '$SRV.>') return 'service discovery';
  const [, bucket] = /^\$KV\.([^.*>]+)\.>$/.exec(subject) ?? [];
  if (bucket !== undefined) return `all keys of the bucket ${quoted(bucket)}`;
  const [, store] = /^\$O\.([^.*>]+)\.>$/.exec(subject) ?? [];
  if (store !== undefined) return `all objects of the store ${quoted(store)}`;
  return undefined;
}

function quoted(text: string): string {
  return `“${text}”`;
}
