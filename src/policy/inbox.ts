import type { SubjectRules } from './policy.ts';

/** What NATS clients call their inboxes unless they are told otherwise, and what contains those. */
const USUAL = new Set(['>', '*.>', '_INBOX.>', '_INBOX.*']);

/**
 * The inbox prefix that a client must be told to get answers to its requests: of the one entry in
 * `subscribe.allow` that begins with `_INBOX` and ends in `.>`, what is before that. Undefined where
 * the usual inboxes are allowed, or no such entry is, or several are.
 */
export function inboxPrefix({ allow, deny }: SubjectRules): string | undefined {
  if (allow.some((subject) => USUAL.has(subject) && !deny.includes(subject))) return undefined;
  const [prefix, ...more] = allow.flatMap((subject) => PRIVATE.exec(subject)?.[1] ?? []);
  return more.length === 0 ? prefix : undefined;
}

/** Not for queue groups, and no token of it a wildcard. */
const PRIVATE = /^(_INBOX[^\s*>]*[^\s*>.])\.>$/;
