import type { Clock } from '../../clock.ts';
import type { Terminal } from '../terminal.ts';
import type { HandedOver } from './answers.ts';
import { OAuthRefusal, refusalError } from './oauth-call.ts';
import type { Sessions, StoredSession } from './sessions.ts';
import type { Ask, SignInService } from './sign-in-service.ts';

/**
 * A credential again, without a browser, while the session lives (RFC 6749 §6). Undefined where
 * there is no session, or it has ended: then the person has to sign in.
 *
 * The refresh token is good once, and shown twice it ends the session (RFC 9700 §4.14.2): so
 * nobody else on this machine asks meanwhile, and the next one is on the disk before anything else
 * is done.
 */
export function signInBySession(
  terminal: Terminal,
  { service, ask }: { readonly service: SignInService; readonly ask: Ask },
  { sessions, clock }: { readonly sessions: Sessions; readonly clock: Clock },
): Promise<HandedOver | undefined> {
  return sessions.exclusively(async (stored) => {
    const session = stored.get(service.url);
    if (session?.refreshToken === undefined) return undefined;
    const answer = isOver(session, clock)
      ? undefined
      : await service.refresh(session.refreshToken, ask);
    if (answer !== undefined && !(answer instanceof OAuthRefusal)) {
      stored.put(service.url, { ...session, ...sessionOf(answer, clock) });
      return answer;
    }
    if (answer !== undefined && answer.error !== 'invalid_grant') {
      throw refusalError(answer, 'nats-sts login --fresh signs in anew.');
    }
    const { refreshToken: _spent, ...rest } = session;
    stored.put(service.url, rest);
    const why = answer === undefined ? 'has ended' : 'is no longer good';
    terminal.err(`nats-sts: the last login ${why}; sign in anew\n`);
    return undefined;
  });
}

export function isOver({ endsAt }: StoredSession, clock: Clock): boolean {
  return endsAt * 1000 <= clock.now();
}

/** What is stored of an answer, apart from the credential. */
export function sessionOf(answer: HandedOver, clock: Clock): Omit<StoredSession, 'credentials'> {
  const { issuer, subject, name } = answer.identity;
  return {
    refreshToken: answer.refresh_token,
    endsAt: Math.floor(clock.now() / 1000) + answer.refresh_token_expires_in,
    role: answer.scope,
    person: { issuer, subject, ...(name !== undefined && { name }) },
  };
}
