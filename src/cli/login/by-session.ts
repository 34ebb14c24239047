import type { Clock } from '../../clock.ts';
import type { Terminal } from '../terminal.ts';
import type { HandedOver } from './oauth-answers.ts';
import { OAuthRefusal, refusalError } from './oauth-call.ts';
import type { Sessions } from './sessions.ts';
import type { Ask, SignInService } from './sign-in-service.ts';
import { isOver, sessionFor, sessionOf, withoutSession, withSession } from './stored-service.ts';

/**
 * A credential again, without a browser, while the session for that role lives (RFC 6749 §6).
 * Undefined where there is none, or it has ended: then the person has to sign in, and reads why.
 *
 * The refresh token is good once, and shown twice it ends the session (RFC 9700 §4.14.2): so
 * nobody else on this machine asks meanwhile, and the next one is on the disk before anything else
 * is done.
 */
export function signInBySession(
  terminal: Terminal,
  { service, ask }: { readonly service: SignInService; readonly ask: Ask & { role: string } },
  { sessions, clock }: { readonly sessions: Sessions; readonly clock: Clock },
): Promise<HandedOver | undefined> {
  const { role } = ask;
  const tell = (what: string) => terminal.err(`nats-sts: ${what}; sign in for it\n`);
  return sessions.exclusively(async (stored) => {
    const before = stored.get(service.url);
    const session = sessionFor(before, role);
    if (before === undefined || session === undefined) {
      if (before?.sessions.length) tell(`nobody has agreed to role ${role} here yet`);
      return undefined;
    }
    const rest = withoutSession(before, session);
    const over = isOver(session, clock);
    const answer = over ? undefined : await service.refresh(session.refreshToken, ask);
    if (answer !== undefined && !(answer instanceof OAuthRefusal)) {
      stored.put(service.url, withSession(rest, sessionOf(answer, clock)));
      return answer;
    }
    if (answer !== undefined && answer.error !== 'invalid_grant') {
      throw refusalError(answer, 'nats-sts login --fresh signs in anew.');
    }
    stored.put(service.url, rest);
    tell(`the last login for role ${role} ${over ? 'has ended' : 'is no longer good'}`);
    return undefined;
  });
}
