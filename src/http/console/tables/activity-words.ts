import type { AuditedIdentity, AuditEvent, RevocationEvent } from '../../../audit/event.ts';
import { counted, slotName } from '../words.ts';

/** The identity behind a record, as far as it is known. */
export function identityOf(event: AuditEvent): AuditedIdentity | undefined {
  return 'identity' in event ? event.identity : undefined;
}

/** What was done, or asked for. Parts of it are strangers' texts. */
export function whatOf(event: AuditEvent): string {
  switch (event.type) {
    case 'issued':
      return `role ${event.role}`;
    case 'denied':
      return event.role === undefined ? 'no role' : `role ${event.role}`;
    case 'rejected':
      return 'a token that proves nothing';
    case 'login':
      return [
        event.step,
        ...(event.role === undefined ? [] : [`role ${event.role}`]),
        ...(event.program === undefined ? [] : [`for ${event.program}`]),
      ].join(', ');
    case 'admin':
      return `${event.action === 'rotate' ? 'rotate' : 'revoke key'}: ${event.account}, ${slotName(event.slot)}`;
    case 'revocation':
      return `${event.change}: ${targetText(event)}`;
    case 'revoked-users':
      return `${counted(event.count, 'user')} ${event.cause === 'gone' ? 'revoked no longer' : 'cut'} in ${event.account}`;
    case 'key':
      return `${event.account}, ${slotName(event.slot)}: ${event.publicKey.slice(0, 8)}… ${event.from ?? 'new'} → ${event.to}`;
    case 'drift':
      return `${event.account}: ${counted(event.lostKeys.length, 'key')} and ${counted(event.lostRevocations, 'revocation')} lost${event.mended ? ', put back' : ''}`;
  }
}

function targetText({ target, block }: RevocationEvent): string {
  const named = Object.entries(target).map(([kind, value]) => `${kind} ${value}`);
  return `${named.join(', ')}${block ? ', blocked' : ''}`;
}

/** How a record reads at a glance: the colour of its type, which the word says too. */
export function toneOf(event: AuditEvent): 'good' | 'warn' | 'bad' | '' {
  switch (event.type) {
    case 'issued':
      return 'good';
    case 'denied':
      return 'warn';
    case 'rejected':
    case 'drift':
      return 'bad';
    case 'login':
      return event.step === 'failed' || event.step === 'refused' ? 'warn' : '';
    case 'admin':
    case 'revocation':
    case 'revoked-users':
    case 'key':
      return '';
  }
}
