import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import type { HandedOver } from './oauth-answers.ts';
import { CONTEXT_NAME } from './context-name.ts';

const CREDENTIAL = z.object({
  /** Of the nats command line; the creds file has its name. */
  context: z.string().regex(CONTEXT_NAME),
  role: z.string(),
  /** Name of the NATS account. */
  account: z.string(),
  /** Unix seconds. */
  expiresAt: z.number(),
  /** Written into the context; absent: none was. */
  inboxPrefix: z.string().optional(),
});

/** What a person agreed to: credentials in one role until then (RFC 6749 §6). */
const SESSION = z.object({
  role: z.string(),
  /** Secret; good once. */
  refreshToken: z.string(),
  /** Unix seconds. */
  endsAt: z.number(),
});

/** What is saved of one service. */
export const SERVICE = z.object({
  /** Taken last. */
  role: z.string(),
  /** One a role; none: signed out, but credentials are left. */
  sessions: z.array(SESSION),
  /** What we wrote, the latest last. */
  credentials: z.array(CREDENTIAL),
  /** The nats context that was selected before one of these was; absent: none, or none was selected. */
  selectedBefore: z.string().optional(),
});

export type StoredCredential = Readonly<z.infer<typeof CREDENTIAL>>;
export type StoredSession = Readonly<z.infer<typeof SESSION>>;
export type StoredService = Readonly<z.infer<typeof SERVICE>>;

/** What is stored of an answer, apart from the credential. */
export function sessionOf(answer: HandedOver, clock: Clock): StoredSession {
  return {
    role: answer.scope,
    refreshToken: answer.refresh_token,
    endsAt: Math.floor(clock.now() / 1000) + answer.refresh_token_expires_in,
  };
}

export function isOver({ endsAt }: StoredSession, clock: Clock): boolean {
  return endsAt * 1000 <= clock.now();
}

export function sessionFor(
  service: StoredService | undefined,
  role: string,
): StoredSession | undefined {
  return service?.sessions.find((session) => session.role === role);
}

/** With this one in place of that for the same role; its role is the one taken last. */
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

/** Of a service that nobody has signed in at. */
export function nothingOf({ role }: Pick<StoredSession, 'role'>): StoredService {
  return { role, sessions: [], credentials: [] };
}
