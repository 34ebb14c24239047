import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { harmless, type Terminal } from '../terminal.ts';
import { localTime } from '../time.ts';
import { signInByBrowser } from './by-browser.ts';
import { signInByDevice } from './by-device.ts';
import { signInBySession } from './by-session.ts';
import type { HandedOver } from './oauth-answers.ts';
import { OAuthRefusal } from './oauth-call.ts';
import { type LoginStore, saveSession } from './save.ts';
import { type Ask, endSession, type SignInService, signInService } from './sign-in-service.ts';
import { hasEnded, sessionFor, type StoredService, type StoredSession } from './stored-service.ts';

export interface SignInOptions {
  readonly role?: string;
  readonly ttl?: number;
  readonly device?: true;
  readonly browser: boolean;
  readonly fresh?: true;
}

export interface SignInParts {
  readonly wait?: (milliseconds: number) => Promise<unknown>;
  /** How long to wait for the browser. */
  readonly patienceMilliseconds?: number;
}

const PATIENCE_MILLISECONDS = 5 * 60_000;

/** Signs in with the stored session for the role, else by browser or device. The session is stored when this returns. */
export async function signIn(
  terminal: Terminal,
  { store, nkey }: { readonly store: LoginStore; readonly nkey: string },
  { options, parts }: { readonly options: SignInOptions; readonly parts: SignInParts },
): Promise<HandedOver> {
  const { url, sessions, clock } = store;
  const service = signInService(url);
  const stored = options.fresh ? undefined : sessions.all().get(url.href);
  const ask: Ask = { nkey, role: options.role ?? stored?.role, ttlSeconds: options.ttl };
  // A session for that very role finds out by itself.
  if (options.role !== undefined && sessionFor(stored, options.role) === undefined) {
    await refuseIfNotGiven(options.role, stored, { service, clock });
  }
  if (!options.fresh && ask.role !== undefined) {
    const again = { service, ask: { ...ask, role: ask.role } };
    const answer = await signInBySession(terminal, again, store);
    if (answer !== undefined) return answer;
  }
  const answer = await signInAnew(terminal, { service, ask }, { store, options, parts });
  const replaced = await saveSession(store, answer);
  if (replaced !== undefined) await endReplaced(terminal, { service, replaced }, store);
  return answer;
}

function signInAnew(
  terminal: Terminal,
  what: { readonly service: SignInService; readonly ask: Ask },
  {
    store: { clock },
    options,
    parts: { wait = sleep, patienceMilliseconds = PATIENCE_MILLISECONDS },
  }: {
    readonly store: LoginStore;
    readonly options: SignInOptions;
    readonly parts: SignInParts;
  },
): Promise<HandedOver> {
  return options.device
    ? signInByDevice(terminal, what, { clock, wait })
    : signInByBrowser(terminal, what, { open: options.browser, patienceMilliseconds });
}

/** Ends the session that was replaced. If that fails, the login still succeeds. */
async function endReplaced(
  terminal: Terminal,
  { service, replaced }: { readonly service: SignInService; readonly replaced: StoredSession },
  { clock }: LoginStore,
): Promise<void> {
  if (hasEnded(replaced, clock)) return;
  const why = await endSession(service, replaced);
  if (why === undefined) return;
  const until = localTime(replaced.endsAt * 1000);
  terminal.err(
    `nats-sts: ${harmless(why)}\nThe previous session was removed here, but stays open at the service until ${until}.\n`,
  );
}

/**
 * If a session for any role is valid, the service already knows whether the person may have this role:
 * throws CliError if not. Otherwise they find out in the browser.
 */
async function refuseIfNotGiven(
  role: string,
  stored: StoredService | undefined,
  { service, clock }: { readonly service: SignInService; readonly clock: Clock },
): Promise<void> {
  const alive = stored?.sessions.filter((session) => !hasEnded(session, clock)) ?? [];
  const given = await Promise.all(
    alive.map(({ refreshToken }) => rolesWith(service, refreshToken)),
  );
  const roles = new Set(given.flatMap((names) => names ?? []));
  if (given.every((names) => names === undefined) || roles.has(role)) return;
  const instead = roles.size === 0 ? 'you have no role' : `your roles: ${list(roles)}`;
  throw new CliError(
    ExitCode.denied,
    `role ${role} is not available to you; ${instead}\nTo sign in as another person: nats-sts login --fresh --role ${role}`,
  );
}

function list(names: ReadonlySet<string>): string {
  return [...names].join(', ');
}

/** Undefined if the session has ended, or the service does not say. */
async function rolesWith(
  service: SignInService,
  refreshToken: string,
): Promise<string[] | undefined> {
  const answer = await service.introspect(refreshToken);
  if (answer instanceof OAuthRefusal || !answer.active) return undefined;
  return answer.roles.map(({ role }) => role);
}
