import { randomUUID } from 'node:crypto';
import { Refusal } from '../../errors.ts';
import { CLOCKS_DIFFER_SECONDS } from '../../clock.ts';
import { grantInvalid, type HandoverParts, TAKEN_OVER, whoIs } from './answer-once.ts';
import type { HandedSession, Handovers } from '../handovers.ts';

/** The name under which refresh tokens are claimed; no issuer can have it. */
const SINGLE_USE_NAME = 'nats-sts:refresh';

export type RefreshTokens = Pick<
  Handovers,
  'refreshToken' | 'redeemRefreshToken' | 'introspect' | 'revoke'
>;

interface Opened extends HandedSession {
  readonly jti: string;
}

/** Sealed sessions that programs keep, valid once. The store has nothing about them until they are used (RFC 6749 §6). */
export function refreshTokens(parts: HandoverParts): RefreshTokens {
  const { sealer, keeper, singleUse, journal } = parts;

  async function open(token: string): Promise<Opened | Refusal> {
    const content = await sealer.open('refresh', token);
    if (!isContent(content)) return grantInvalid('not a refresh token');
    const session = await keeper.open(content.session);
    return session instanceof Refusal ? session : { jti: content.jti, session, role: content.role };
  }

  return {
    async refreshToken({ session, role }) {
      const content = { jti: randomUUID(), role, session: await keeper.seal(session) };
      return sealer.seal('refresh', content, session.endsAt);
    },

    async redeemRefreshToken(token, caller) {
      const opened = await open(token);
      if (opened instanceof Refusal) return journal.refuse({ refusal: opened }, caller);
      const { jti, session, role } = opened;
      // Record before the token is used up, so that a failed record costs nobody their session.
      const unrecorded = await journal.record({ ...whoIs(session), role, step: 'renewed' }, caller);
      if (unrecorded) return unrecorded;
      const until = session.endsAt + CLOCKS_DIFFER_SECONDS;
      const held = await singleUse.hold(SINGLE_USE_NAME, jti, until);
      if (!held) {
        // It was used before. Two callers have it, and one of them may be a thief (RFC 9700 §4.14.2).
        const unended = await keeper.end(session);
        const refusal = grantInvalid(
          'a used refresh token was sent again, so the session was ended',
        );
        return unended ?? journal.refuse({ ...whoIs(session), refusal }, caller);
      }
      return (await held.settle()) ? { session, role } : TAKEN_OVER;
    },

    async introspect(token, caller) {
      const opened = await open(token);
      if (!(opened instanceof Refusal)) return { session: opened.session, role: opened.role };
      return caller ? journal.refuse({ refusal: opened }, caller) : opened;
    },

    async revoke(token, caller) {
      const opened = await open(token);
      if (opened instanceof Refusal) {
        return opened.code === 'temporarily_unavailable' ? opened : undefined;
      }
      const { session } = opened;
      const unrecorded = await journal.record({ ...whoIs(session), step: 'signed-out' }, caller);
      return unrecorded ?? keeper.end(session);
    },
  };
}

function isContent(content: unknown): content is { jti: string; role: string; session: string } {
  const { jti, role, session } = (content ?? {}) as Record<string, unknown>;
  return typeof jti === 'string' && typeof role === 'string' && typeof session === 'string';
}
