import { rmSync } from 'node:fs';
import { Command } from 'commander';
import { type Clock, systemClock } from '../clock.ts';
import { CliError } from './exit-codes.ts';
import { isOver } from './login/by-session.ts';
import { removeContext } from './login/nats-context.ts';
import { OAuthRefusal } from './login/oauth-call.ts';
import { places, type Places } from './login/places.ts';
import { openSessions, type OpenSessions, type StoredSession } from './login/sessions.ts';
import { signInService } from './login/sign-in-service.ts';
import { rememberedUrlOption, whichService } from './login/which-service.ts';
import { harmless, type Terminal } from './terminal.ts';
import { localTime } from './time.ts';
import { warnIfUnencrypted } from './url-option.ts';

interface LogoutOptions {
  readonly url?: URL;
  readonly keepCreds?: true;
}

/** `nats-sts logout`: ends the session at the service, and removes here what login wrote. */
export function logoutCommand(terminal: Terminal, { clock = systemClock } = {}): Command {
  return new Command('logout')
    .description('end the session, and remove its credentials here')
    .addOption(rememberedUrlOption())
    .option('--keep-creds', 'leave the creds files and nats contexts; they work until they expire')
    .addHelpText('after', EXAMPLES)
    .action((options: LogoutOptions) => run(terminal, options, clock));
}

const EXAMPLES = `
The session ends everywhere: in the browser that it was begun in, too. Credentials that were copied
elsewhere work until they expire. Files that login did not write are left alone. Where the service can't
be reached, everything here is removed all the same.

Examples:
  nats-sts logout
  nats-sts logout --url https://sts.example.com --keep-creds`;

async function run(terminal: Terminal, options: LogoutOptions, clock: Clock): Promise<void> {
  const where = places(process.env);
  const sessions = openSessions(where);
  const url = whichService(options.url, sessions.all());
  if (url === undefined || !sessions.all().has(url.href)) {
    terminal.err(`nats-sts: not signed in${url ? ` at ${url.href}` : ''}\n`);
    return;
  }
  await sessions.exclusively(async (stored) => {
    const session = stored.get(url);
    if (session === undefined) return;
    await revoke(terminal, { url, session }, clock);
    forget(terminal, { url, session, stored, where }, options.keepCreds ?? false);
  });
}

/** Tells the service. When that can't be done, says so: what is here goes anyway. */
async function revoke(
  terminal: Terminal,
  { url, session }: { readonly url: URL; readonly session: StoredSession },
  clock: Clock,
): Promise<void> {
  if (session.refreshToken === undefined || isOver(session, clock)) return;
  warnIfUnencrypted(terminal, url);
  const why = await faultOf(signInService(url).revoke(session.refreshToken));
  if (why === undefined) return;
  terminal.err(
    `nats-sts: ${harmless(why)}\nThe session goes on at the service, with nobody here holding it, until ${localTime(session.endsAt * 1000)}.\n`,
  );
}

async function faultOf(asking: Promise<unknown>): Promise<string | undefined> {
  try {
    const answer = await asking;
    return answer instanceof OAuthRefusal ? answer.message : undefined;
  } catch (error) {
    if (error instanceof CliError) return error.message;
    throw error;
  }
}

interface Forgetting {
  readonly url: URL;
  readonly session: StoredSession;
  readonly stored: OpenSessions;
  readonly where: Places;
}

function forget(
  terminal: Terminal,
  { url, session, stored, where }: Forgetting,
  keepCreds: boolean,
): void {
  const { refreshToken: _revoked, ...rest } = session;
  if (keepCreds && rest.credentials.length > 0) {
    stored.put(url, rest);
    terminal.out(`signed out of ${url.href}\n`);
    return;
  }
  const removed = session.credentials.map(({ context }) => {
    removeContext(where, context);
    rmSync(where.creds(context), { force: true });
    return context;
  });
  stored.remove(url);
  const contexts = removed.length === 0 ? '' : `; removed: ${removed.join(', ')}`;
  terminal.out(`signed out of ${url.href}${contexts}\n`);
}
