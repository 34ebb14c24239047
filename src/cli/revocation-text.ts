import type { RevocationTarget } from '../admin-api/revocations.ts';

/** Whom a revocation is about, for people. */
export function targetText(target: RevocationTarget): string {
  if ('issuer' in target) return `${target.issuer} ${target.subject}`;
  if ('nkey' in target) return `user ${target.nkey}`;
  return 'role' in target ? `role ${target.role}` : `binding ${target.binding}`;
}
