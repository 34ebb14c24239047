import type { IssuedEvent } from '../audit/event.ts';
import type { IssuedCredential, LedgerFilter, Party } from './ledger.ts';

/**
 * What the ledgers keep of a record. Its time is taken for the moment of issue: never before it, so
 * that a user who is revoked up to then is revoked with this credential.
 */
export function credentialOf(event: IssuedEvent): IssuedCredential {
  const { identity, actor, client } = event;
  return {
    user: event.user,
    account: event.account,
    role: event.role,
    binding: event.binding,
    issuerName: identity.issuerName,
    subject: identity.subject,
    ...(actor && { actor: { issuerName: actor.issuerName, subject: actor.subject } }),
    ...(event.actorBinding !== undefined && { actorBinding: event.actorBinding }),
    signingKey: event.signingKey,
    ...(client?.connection !== undefined && {
      connection: { server: client.server, id: client.connection },
    }),
    tokenIssuedAt: tokenIssuedAt(event),
    issuedAt: Math.floor(event.time / 1000),
    expiresAt: event.expiresAt,
  };
}

/** Records of nats-sts 0.1 don't say how old the token was: taken for as old as can be. */
function tokenIssuedAt(event: Partial<IssuedEvent>): number {
  return event.tokenIssuedAt ?? 0;
}

const EXACT = [
  'issuerName',
  'subject',
  'role',
  'account',
  'user',
  'signingKey',
] as const satisfies (keyof LedgerFilter)[];

/** Whether everything that the filter asks for is the credential's; `after` is the ledger's to know. */
export function fits(filter: LedgerFilter, credential: IssuedCredential): boolean {
  const { party, binding } = filter;
  if (party && !isParty(party, credential)) return false;
  if (binding !== undefined && !isBinding(binding, credential)) return false;
  return EXACT.every((name) => filter[name] === undefined || filter[name] === credential[name]);
}

function isParty(party: Party, { actor, ...credential }: IssuedCredential): boolean {
  return isSame(party, credential) || (actor !== undefined && isSame(party, actor));
}

function isBinding(name: string, { binding, actorBinding }: IssuedCredential): boolean {
  return name === binding || name === actorBinding;
}

function isSame(a: Party, b: Party): boolean {
  return a.subject === b.subject && a.issuerName === b.issuerName;
}
