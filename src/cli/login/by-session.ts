import type { Clock } from '../../clock.ts';
import type { Terminal } from '../terminal.ts';
import type { HandedOver } from './oauth-answers.ts';
import { OAuthRefusal, refusalError } from './oauth-call.ts';
import type { Sessions } from './sessions.ts';
import type { Ask, SignInService } from './sign-in-service.ts';
import { hasEnded, sessionFor, sessionOf, withoutSession, withSession } from './stored-service.ts';

/**
 * Gets the next credential without a browser, while the session for the role lasts (RFC 6749 §6).
 * Undefined if there is no session or it has ended: then the person must sign in, and stderr says why.
 *
 * A refresh token works once; a second use ends the session (RFC 9700 §4.14.2). So no other process
 * on this machine may use it meanwhile, and its successor is on disk before anything else happens.
 */
export function signInBySession(
  terminal: Terminal,
  { service, ask }: { readonly service: SignInService; readonly ask: Ask & { role: string } },
  { sessions, clock }: { readonly sessions: Sessions; readonly clock: Clock },
): Promise<HandedOver | undefined> {
  const { role } = ask;
  const warn = (what: string) => terminal.err(`nats-sts: ${what}; sign in\n`);
  return sessions.exclusively(async (stored) => {
    const before = stored.get(service.url);
    const session = sessionFor(before, role);
    if (before === undefined || session === undefined) {
      if (before?.sessions.length) warn(`you have not signed in for role ${role} here yet`);
      return undefined;
    }
    const rest = withoutSession(before, session);
    const ended = hasEnded(session, clock);
    const answer = ended ? undefined : await service.refresh(session.refreshToken, ask);
    if (answer !== undefined && !(answer instanceof OAuthRefusal)) {
      stored.put(service.url, withSession(rest, sessionOf(answer, clock)));
      return answer;
    }
    if (answer !== undefined && answer.error !== 'invalid_grant') {
      throw refusalError(answer, 'To sign in again, run nats-sts login --fresh.');
    }
    stored.put(service.url, rest);
    warn(`your session for role ${role} ${ended ? 'has ended' : 'is no longer valid'}`);
    return undefined;
  });
}
