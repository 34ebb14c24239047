import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import type { HandedOver } from './oauth-answers.ts';
import { CONTEXT_NAME } from './context-name.ts';

const CREDENTIAL = z.object({
  /** The nats context; the creds file has the same name. */
  context: z.string().regex(CONTEXT_NAME),
  role: z.string(),
  /** Name of the NATS account. */
  account: z.string(),
  /** Unix seconds. */
  expiresAt: z.number(),
  /** The inbox prefix in the context; absent: none. */
  inboxPrefix: z.string().optional(),
});

/** A session: credentials for one role until it ends (RFC 6749 §6). */
const SESSION = z.object({
  role: z.string(),
  /** Secret; works once. */
  refreshToken: z.string(),
  /** Unix seconds. */
  endsAt: z.number(),
});

/** What is stored about one service. */
export const SERVICE = z.object({
  /** The role that was used last. */
  role: z.string(),
  /** One per role; empty: signed out, but credentials are left. */
  sessions: z.array(SESSION),
  /** The credentials that we wrote, the latest last. */
  credentials: z.array(CREDENTIAL),
  /** The nats context that was selected before one of ours; absent: none was, or ours is not selected. */
  selectedBefore: z.string().optional(),
});

export type StoredCredential = Readonly<z.infer<typeof CREDENTIAL>>;
export type StoredSession = Readonly<z.infer<typeof SESSION>>;
export type StoredService = Readonly<z.infer<typeof SERVICE>>;

/** The session to store from an answer. */
export function sessionOf(answer: HandedOver, clock: Clock): StoredSession {
  return {
    role: answer.scope,
    refreshToken: answer.refresh_token,
    endsAt: Math.floor(clock.now() / 1000) + answer.refresh_token_expires_in,
  };
}

export function hasEnded({ endsAt }: StoredSession, clock: Clock): boolean {
  return endsAt * 1000 <= clock.now();
}

export function sessionFor(
  service: StoredService | undefined,
  role: string,
): StoredSession | undefined {
  return service?.sessions.find((session) => session.role === role);
}

/** Adds the session, or replaces the one for the same role, and makes its role the last one. */
export function withSession(
  service: StoredService | undefined,
  session: StoredSession,
): StoredService {
  const rest = withoutSession(service ?? nothingOf(session), session);
  return { ...rest, role: session.role, sessions: [...rest.sessions, session] };
}

export function withoutSession(
  service: StoredService,
  { role }: Pick<StoredSession, 'role'>,
): StoredService {
  return { ...service, sessions: service.sessions.filter((session) => session.role !== role) };
}

/** A service that nobody has signed in at. */
export function nothingOf({ role }: Pick<StoredSession, 'role'>): StoredService {
  return { role, sessions: [], credentials: [] };
}
