import type { Clock } from '../../clock.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { makePrivateDirectory, writePrivately } from '../private-file.ts';
import type { HandedOver } from './answers.ts';
import { contextAt } from './context-name.ts';
import { contextState, selectContext, writeContext } from './nats-context.ts';
import type { Places } from './places.ts';
import type { OpenSessions, Sessions } from './sessions.ts';
import {
  nothingOf,
  sessionFor,
  sessionOf,
  type StoredCredential,
  type StoredSession,
  withSession,
} from './stored-service.ts';

export interface KeepOptions {
  /** Undefined: as last time for this role, else the role. */
  readonly context?: string | undefined;
  readonly select: boolean;
  /** Take a context's name although somebody else's has it. */
  readonly force: boolean;
}

export interface Keeping {
  readonly url: URL;
  readonly places: Places;
  readonly sessions: Sessions;
  readonly clock: Clock;
}

/** Only the session is stored. Answers with the one for the same role that was there, of which nobody here knows now. */
export function keepSession(
  { url, sessions, clock }: Keeping,
  answer: HandedOver,
): Promise<StoredSession | undefined> {
  return sessions.exclusively((stored) => {
    const before = stored.get(url);
    stored.put(url, withSession(before, sessionOf(answer, clock)));
    return sessionFor(before, answer.scope);
  });
}

/** Writes the creds file and the nats context; answers with what is known of them. */
export function keepCredential(
  { url, places, sessions, clock }: Keeping,
  { answer, creds }: { readonly answer: HandedOver; readonly creds: string },
  { context: wanted, select, force }: KeepOptions,
): Promise<StoredCredential> {
  return sessions.exclusively((stored) => {
    // There is none where somebody has signed out meanwhile.
    const service = stored.get(url) ?? nothingOf({ role: answer.scope });
    const before = service.credentials;
    const context =
      wanted ?? usual(answer.scope, before) ?? free(answer.scope, { url, places, stored });
    if (!force) refuseForeign(context, { url, places, stored });
    const credential = {
      context,
      role: answer.scope,
      account: answer.account,
      expiresAt: Math.floor(clock.now() / 1000) + answer.expires_in,
    };
    const others = before.filter((has) => has.context !== context);
    makePrivateDirectory(places.directory);
    writePrivately(places.creds(context), creds);
    writeContext(places, context, {
      description: `${answer.scope} at ${url.href} (nats-sts login)`,
      servers: answer.servers,
    });
    stored.put(url, { ...service, credentials: [...others, credential] });
    if (select) selectContext(places, context);
    return credential;
  });
}

interface Names {
  readonly url: URL;
  readonly places: Places;
  readonly stored: OpenSessions;
}

/** Throws CliError when somebody else's context, or another service's of ours, has that name. */
export function refuseForeign(context: string, names: Names): void {
  const owner = foreignOwner(context, names);
  if (owner === undefined) return;
  throw new CliError(
    ExitCode.failed,
    `the nats context ${context} is ${owner}: give another name with --context, or --force to replace it`,
  );
}

function usual(role: string, credentials: readonly StoredCredential[]): string | undefined {
  return credentials.findLast((has) => has.role === role)?.context;
}

/** The role, where nobody else has a context of that name. */
function free(role: string, names: Names): string {
  if (foreignOwner(role, names) === undefined) return role;
  return contextAt(role, names.url.host);
}

/** Whose a context is; undefined where there is none, or it is ours and for this service. */
function foreignOwner(context: string, { url, places, stored }: Names): string | undefined {
  const owner = stored.ownerOf(context, url);
  if (owner !== undefined) return `for ${owner}`;
  return contextState(places, context) === 'foreign'
    ? 'there already and not made by nats-sts login'
    : undefined;
}
