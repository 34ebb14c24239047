import { setTimeout as sleep } from 'node:timers/promises';
import { harmless, type Terminal } from '../terminal.ts';
import { localTime } from '../time.ts';
import type { HandedOver } from './oauth-answers.ts';
import { signInByBrowser } from './by-browser.ts';
import { signInByDevice } from './by-device.ts';
import { signInBySession } from './by-session.ts';
import { endSession } from './end-session.ts';
import { saveSession, type LoginStore } from './save.ts';
import { refuseIfNotGiven } from './may-take.ts';
import { type Ask, type SignInService, signInService } from './sign-in-service.ts';
import { isOver, sessionFor, type StoredSession } from './stored-service.ts';

export interface SignInOptions {
  readonly role?: string;
  readonly ttl?: number;
  readonly device?: true;
  readonly browser: boolean;
  readonly fresh?: true;
}

export interface SignInParts {
  readonly wait?: (milliseconds: number) => Promise<unknown>;
  /** How long the browser may take. */
  readonly patienceMilliseconds?: number;
}

const PATIENCE_MILLISECONDS = 5 * 60_000;

/** With the session that there is for the role, else by browser or device. The session is stored when this returns. */
export async function signIn(
  terminal: Terminal,
  { store, nkey }: { readonly store: LoginStore; readonly nkey: string },
  { options, parts }: { readonly options: SignInOptions; readonly parts: SignInParts },
): Promise<HandedOver> {
  const { url, sessions, clock } = store;
  const service = signInService(url);
  const stored = options.fresh ? undefined : sessions.all().get(url.href);
  const ask: Ask = { nkey, role: options.role ?? stored?.role, ttlSeconds: options.ttl };
  // Whose session for that very role lives is told the same by it.
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

/** Nobody here has it any more. What is wrong at that is no failure of the login. */
async function endReplaced(
  terminal: Terminal,
  { service, replaced }: { readonly service: SignInService; readonly replaced: StoredSession },
  { clock }: LoginStore,
): Promise<void> {
  if (isOver(replaced, clock)) return;
  const why = await endSession(service, replaced);
  if (why === undefined) return;
  const until = localTime(replaced.endsAt * 1000);
  terminal.err(
    `nats-sts: ${harmless(why)}\nThe login before this one goes on at the service, with nobody here holding it, until ${until}.\n`,
  );
}
