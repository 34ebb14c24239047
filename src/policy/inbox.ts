import type { SubjectRules } from './policy.ts';

/** The default inbox subjects of NATS clients, and wildcards that include them. */
const USUAL = new Set(['>', '*.>', '_INBOX.>', '_INBOX.*']);

/**
 * The inbox prefix that a client must use to get replies to its requests: the one entry in
 * `subscribe.allow` that begins with `_INBOX` and ends in `.>`, without that ending. Undefined if default
 * inboxes are allowed, or if there is no such entry, or more than one.
 */
export function inboxPrefix({ allow, deny }: SubjectRules): string | undefined {
  if (allow.some((subject) => USUAL.has(subject) && !deny.includes(subject))) return undefined;
  const [prefix, ...more] = allow.flatMap((subject) => PRIVATE.exec(subject)?.[1] ?? []);
  return more.length === 0 ? prefix : undefined;
}

/** No queue group, and no wildcard before the end. */
const PRIVATE = /^(_INBOX[^\s*>]*[^\s*>.])\.>$/;
