import { rmSync } from 'node:fs';
import { Command } from 'commander';
import { type Clock, systemClock } from '../clock.ts';
import { removeContext, restoreContext, selectedContext } from './login/nats-context.ts';
import { paths, type Paths } from './login/paths.ts';
import { openSessions, type OpenSessions } from './login/sessions.ts';
import { endSession, signInService } from './login/sign-in-service.ts';
import { hasEnded, type StoredService, type StoredSession } from './login/stored-service.ts';
import { notSignedIn, rememberedUrlOption, whichService } from './login/which-service.ts';
import { harmless, type Terminal } from './terminal.ts';
import { localTime } from './time.ts';
import { warnIfUnencrypted } from './url-option.ts';

interface LogoutOptions {
  readonly url?: URL;
  readonly keepCreds?: true;
}

/** `nats-sts logout`: ends all sessions at the service and removes the files that login wrote. */
export function logoutCommand(terminal: Terminal, { clock = systemClock } = {}): Command {
  return new Command('logout')
    .addOption(rememberedUrlOption())
    .option('--keep-creds', 'keep the creds files and nats contexts, which work until they expire')
    .addHelpText('after', EXAMPLES)
    .action((options: LogoutOptions) => run(terminal, options, clock));
}

const EXAMPLES = `
The command ends the sessions of all roles at the service and removes the creds files and nats
contexts that login wrote, even if the service cannot be reached. It selects the nats context from
before the login again, and remembers the URL of the service for the next login.

Your browser stays signed in until you sign out there, which also ends these sessions. A copy of a
creds file works until it expires.

Examples:
  nats-sts logout
  nats-sts logout --url https://sts.example.com --keep-creds`;

async function run(terminal: Terminal, options: LogoutOptions, clock: Clock): Promise<void> {
  const where = paths(process.env);
  const sessions = openSessions(where);
  const url = whichService(options.url, sessions);
  if (url === undefined || !sessions.all().has(url.href)) {
    terminal.err(`nats-sts: ${notSignedIn(url)}\n`);
    return;
  }
  await sessions.exclusively(async (stored) => {
    const service = stored.get(url);
    if (service === undefined) return;
    await revoke(terminal, { url, sessions: service.sessions }, clock);
    forget(terminal, { url, service, stored, where }, options.keepCreds ?? false);
  });
}

/** Ends the sessions at the service. If that fails, it says so, and the files are removed anyway. */
async function revoke(
  terminal: Terminal,
  { url, sessions }: { readonly url: URL; readonly sessions: readonly StoredSession[] },
  clock: Clock,
): Promise<void> {
  const alive = sessions.filter((session) => !hasEnded(session, clock));
  if (alive.length === 0) return;
  warnIfUnencrypted(terminal, url);
  const service = signInService(url);
  await Promise.all(
    alive.map(async (session) => {
      const why = await endSession(service, session);
      if (why !== undefined) terminal.err(stillAlive(session, why));
    }),
  );
}

function stillAlive({ role, endsAt }: StoredSession, why: string): string {
  const until = localTime(endsAt * 1000);
  return `nats-sts: ${harmless(why)}\nThe session for role ${harmless(role)} was removed here, but stays open at the service until ${until}.\n`;
}

interface Forgetting {
  readonly url: URL;
  readonly service: StoredService;
  readonly stored: OpenSessions;
  readonly where: Paths;
}

function forget(
  terminal: Terminal,
  { url, service, stored, where }: Forgetting,
  keepCreds: boolean,
): void {
  if (keepCreds && service.credentials.length > 0) {
    stored.put(url, { ...service, sessions: [] });
    terminal.out(`signed out of ${url.href}\n`);
    return;
  }
  const selected = selectedContext(where);
  const removed = service.credentials.map(({ context }) => {
    removeContext(where, context);
    rmSync(where.creds(context), { force: true });
    return context;
  });
  stored.remove(url);
  const contexts = removed.length === 0 ? '' : `; removed: ${removed.join(', ')}`;
  terminal.out(`signed out of ${url.href}${contexts}\n`);
  if (selected !== selectedContext(where)) terminal.out(selectAnother(where, service));
}

/** The selected context was removed: selects the one from before the login. */
function selectAnother(where: Paths, { selectedBefore }: StoredService): string {
  return selectedBefore !== undefined && restoreContext(where, selectedBefore)
    ? `nats context ${harmless(selectedBefore)} is selected again\n`
    : 'no nats context is selected now; to select one: nats context select\n';
}
