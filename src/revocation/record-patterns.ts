import type { LedgerFilter } from './ledger.ts';

/**
 * GLOB patterns that the JSON of every `issued` record matches which the filter means. Some others
 * match, too: a name may stand in the claims, with the same value. The most telling come first, since
 * SQLite goes on to the next only where one has matched.
 */
export function recordPatterns(filter: LedgerFilter): string[] {
  const { user, party, subject, signingKey, binding, role, issuerName, account } = filter;
  const members = [
    ['user', user],
    ['subject', party?.subject],
    ['subject', subject],
    ['signingKey', signingKey],
    // Of `binding` and of `actorBinding`.
    ['inding', binding],
    ['role', role],
    ['issuerName', party?.issuerName],
    ['issuerName', issuerName],
    ['account', account],
    ['type', 'issued'],
  ] as const;
  return members.flatMap(([name, value]) =>
    value === undefined || value.length > LONGEST ? [] : pattern(name, value),
  );
}

/** SQLite takes no pattern longer than 50,000 bytes; a character becomes six at most. */
const LONGEST = 8000;

/**
 * A member as `JSON.stringify`, which records are made with, writes it. Without its first quotation
 * mark: SQLite jumps to the first character of what it looks for, and those are everywhere.
 */
function pattern(name: string, value: string): string {
  const member = `${name}":${JSON.stringify(value)}`;
  return `*${member.replaceAll(/[*?[]/g, '[$&]')}*`;
}
