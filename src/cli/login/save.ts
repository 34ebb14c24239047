import type { Clock } from '../../clock.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { makePrivateDirectory, writePrivately } from '../private-file.ts';
import { accountOf, type HandedOver } from './oauth-answers.ts';
import { contextAt } from './context-name.ts';
import { contextState, selectContext, selectedContext, writeContext } from './nats-context.ts';
import type { Paths } from './paths.ts';
import type { OpenSessions, Sessions } from './sessions.ts';
import {
  nothingOf,
  sessionFor,
  sessionOf,
  type StoredCredential,
  type StoredService,
  type StoredSession,
  withSession,
} from './stored-service.ts';

export interface SaveOptions {
  /** Undefined: the last context of this role, else the role. */
  readonly context?: string | undefined;
  readonly select: boolean;
  /** Replace a context of that name that is not ours. */
  readonly force: boolean;
}

export interface LoginStore {
  readonly url: URL;
  readonly paths: Paths;
  readonly sessions: Sessions;
  readonly clock: Clock;
}

/** Stores only the session. Returns the session for the same role that it replaced. */
export function saveSession(
  { url, sessions, clock }: LoginStore,
  answer: HandedOver,
): Promise<StoredSession | undefined> {
  return sessions.exclusively((stored) => {
    const before = stored.get(url);
    stored.put(url, withSession(before, sessionOf(answer, clock)));
    return sessionFor(before, answer.scope);
  });
}

export interface Saved {
  readonly credential: StoredCredential;
  /** Who owns the context with the name of the role, if that is why this one has another name. */
  readonly taken: string | undefined;
}

/** Writes the creds file and the nats context. */
export function saveCredential(
  { url, paths, sessions, clock }: LoginStore,
  { answer, creds }: { readonly answer: HandedOver; readonly creds: string },
  { context: wanted, select, force }: SaveOptions,
): Promise<Saved> {
  return sessions.exclusively((stored) => {
    // Another process may have signed out meanwhile.
    const service = stored.get(url) ?? nothingOf({ role: answer.scope });
    const before = service.credentials;
    const names = { url, paths, stored };
    const { context, taken } = nameFor(answer.scope, wanted, { before, names });
    if (!force) refuseForeign(context, names);
    const credential = {
      context,
      role: answer.scope,
      account: accountOf(answer),
      expiresAt: Math.floor(clock.now() / 1000) + answer.expires_in,
      ...(answer.inbox_prefix !== undefined && { inboxPrefix: answer.inbox_prefix }),
    };
    const last = before.find((has) => has.context === context);
    const others = before.filter((has) => has.context !== context);
    makePrivateDirectory(paths.directory);
    writePrivately(paths.creds(context), creds);
    writeContext(paths, context, {
      description: `${answer.scope} at ${url.href} (nats-sts login)`,
      servers: answer.servers,
      inboxPrefix: answer.inbox_prefix,
      inboxPrefixBefore: last?.inboxPrefix,
    });
    const after = { ...service, credentials: [...others, credential] };
    stored.put(url, select ? withSelectedBefore(after, selectedContext(paths)) : after);
    if (select) selectContext(paths, context);
    return { credential, taken };
  });
}

/** Remembers, for logout, the context that was selected before any context of this service. */
function withSelectedBefore(service: StoredService, selected: string | undefined): StoredService {
  if (service.credentials.some(({ context }) => context === selected)) return service;
  const { selectedBefore: _, ...rest } = service;
  return selected === undefined ? rest : { ...rest, selectedBefore: selected };
}

interface Names {
  readonly url: URL;
  readonly paths: Paths;
  readonly stored: OpenSessions;
}

/** Throws CliError if a context of that name is not ours, or belongs to another service. */
export function refuseForeign(context: string, names: Names): void {
  const owner = foreignOwner(context, names);
  if (owner === undefined) return;
  throw new CliError(
    ExitCode.failed,
    `the nats context ${context} ${owner}; choose another name with --context, or replace it with --force`,
  );
}

function usual(role: string, credentials: readonly StoredCredential[]): string | undefined {
  return credentials.findLast((has) => has.role === role)?.context;
}

/** The requested name, else the last one, else the role; with the host appended if that name is taken. */
function nameFor(
  role: string,
  wanted: string | undefined,
  { before, names }: { readonly before: readonly StoredCredential[]; readonly names: Names },
): { readonly context: string; readonly taken: string | undefined } {
  const given = wanted ?? usual(role, before);
  if (given !== undefined) return { context: given, taken: undefined };
  const taken = foreignOwner(role, names);
  return { context: taken === undefined ? role : contextAt(role, names.url.host), taken };
}

/** Why a name is taken; undefined if it is free, or ours and for this service. */
function foreignOwner(context: string, { url, paths, stored }: Names): string | undefined {
  const owner = stored.ownerOf(context, url);
  if (owner !== undefined) return `belongs to ${owner}`;
  return contextState(paths, context) === 'foreign'
    ? 'exists and was not made by nats-sts login'
    : undefined;
}
