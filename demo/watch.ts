import type {
  AuditedIdentity,
  AuditEvent,
  LoginEvent,
  RevocationEvent,
} from '../src/audit/event.ts';
import { openAuditReader } from '../src/audit/reader/sqlite-reader.ts';
import type { Narrator } from './narrator.ts';
import { PEOPLE } from './policy.ts';
import type { LogLine, World } from './world.ts';

const LOOK_MILLISECONDS = 250;

/** Prints what people and services do, and what the service logs, until disposed of. */
export function watch(
  world: Pick<World, 'store' | 'follow'>,
  narrator: Pick<Narrator, 'event'>,
): Disposable {
  world.follow((line) => {
    if (!isNews(line)) return;
    const { msg, level, problems = [] } = line;
    narrator.event([msg, ...problems].join('\n'), level < WARNING ? 'green' : 'red');
  });
  const reader = openAuditReader(world.store);
  const next = reader.follow({});
  const timer = setInterval(() => {
    for (const event of next()) {
      const line = happening(event);
      if (line) narrator.event(line.text, line.style);
    }
  }, LOOK_MILLISECONDS);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      reader.close();
      world.follow(() => {});
    },
  };
}

/** Warnings, and reloads of the configuration. The rest is routine, or in the audit log. */
function isNews({ msg, level }: LogLine): boolean {
  return level >= WARNING || msg === 'configuration reloaded';
}

const WARNING = 40;

/** One line about what somebody did while the demo was running. */
export interface Happening {
  readonly text: string;
  readonly style: 'green' | 'red';
}

/** Undefined for what nobody did, and for steps that another record describes better. */
export function happening(event: AuditEvent): Happening | undefined {
  switch (event.type) {
    case 'issued':
      return good(`${who(event.identity)} got a credential for role ${event.role}`);
    case 'denied':
      return bad(`${who(event.identity)} got no credential: ${event.message}`);
    case 'rejected':
      return bad(`a token was rejected: ${event.message}`);
    case 'login':
      return loginStep(event);
    case 'revocation':
      return revocation(event);
    case 'admin':
      return event.action === 'rotate'
        ? good(`${who(event.identity)} asked for new signing keys`)
        : bad(`${who(event.identity)} revoked a signing key`);
    case 'revoked-users':
      return event.cause === 'revoked' ? bad(`${credentials(event.count)} revoked`) : undefined;
    case 'key':
      return event.to === 'active' && event.reason === 'requested'
        ? good(`a new signing key signs for role ${event.slot}`)
        : undefined;
    case 'drift':
      return undefined;
  }
}

/** A credential that a program received has a record of its own. */
function loginStep({ step, identity, program, message }: LoginEvent): Happening | undefined {
  const person = who(identity);
  switch (step) {
    case 'signed-in':
      return good(`${person} signed in`);
    case 'signed-out':
      return good(`${person} signed out`);
    case 'agreed':
      return good(`${person} agreed to hand a credential to ${program ?? 'a program'}`);
    case 'refused':
      return bad(`${person} refused to hand a credential to ${program ?? 'a program'}`);
    case 'failed':
      return bad(`a sign-in failed: ${message ?? 'no reason given'}`);
    case 'begun':
    case 'device-begun':
    case 'handed-over':
    case 'renewed':
      return undefined;
  }
}

function revocation({ change, target, reason, identity }: RevocationEvent): Happening | undefined {
  const { subject } = target;
  const whom = subject === undefined ? Object.values(target).join(' ') : nameOf(subject);
  switch (change) {
    case 'made':
      return bad(`${who(identity)} revoked ${whom}: ${reason}`);
    case 'lifted':
      return good(`${who(identity)} lifted the revocation of ${whom}`);
    case 'expired':
      return undefined;
  }
}

function who(identity: AuditedIdentity | undefined): string {
  return identity === undefined ? 'somebody' : nameOf(identity.subject);
}

/** The name of a person, or `the NAME service`. */
function nameOf(subject: string): string {
  return PEOPLE.find(({ id }) => id === subject)?.name ?? `the ${subject} service`;
}

function credentials(count: number): string {
  return count === 1 ? '1 credential was' : `${count} credentials were`;
}

function good(text: string): Happening {
  return { text, style: 'green' };
}

function bad(text: string): Happening {
  return { text, style: 'red' };
}
