import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { type Clock, systemClock } from '../clock.ts';
import { durationText } from '../config/schema/scalars.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import type { Introspection } from './login/answers.ts';
import { isOver } from './login/by-session.ts';
import { OAuthRefusal, refusalError } from './login/oauth-call.ts';
import { places, type Places } from './login/places.ts';
import { openSessions, type StoredCredential, type StoredSession } from './login/sessions.ts';
import { signInService } from './login/sign-in-service.ts';
import { personText } from './login/told.ts';
import { rememberedUrlOption, whichService } from './login/which-service.ts';
import { table } from './table.ts';
import { jsonLine, type Terminal } from './terminal.ts';
import { localTime, relativeTime } from './time.ts';
import { warnIfUnencrypted } from './url-option.ts';

interface WhoamiOptions {
  readonly url?: URL;
  readonly json?: true;
}

/** `nats-sts whoami`: who is signed in, what they may take, and what they have. */
export function whoamiCommand(terminal: Terminal, { clock = systemClock } = {}): Command {
  return new Command('whoami')
    .description('show who is signed in, their roles and their credentials')
    .addOption(rememberedUrlOption())
    .option('--json', 'tell it as JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: WhoamiOptions) => run(terminal, options, clock));
}

const EXAMPLES = `
Exits with 3 when nobody is signed in.

Examples:
  nats-sts whoami
  nats-sts whoami --json | jq -r .roles[].role`;

type Active = Extract<Introspection, { active: true }>;

async function run(terminal: Terminal, options: WhoamiOptions, clock: Clock): Promise<void> {
  const where = places(process.env);
  const stored = openSessions(where).all();
  const url = whichService(options.url, stored);
  if (url === undefined) throw notSignedIn('');
  const session = stored.get(url.href);
  const active = session && (await introspect(terminal, { url, session }, clock));
  if (active === undefined) throw notSignedIn(` at ${url.href}`);
  const found: Found = { url, active, credentials: session?.credentials ?? [], where };
  terminal.out(options.json ? json(found) : text(terminal, found, clock));
}

function notSignedIn(where: string): CliError {
  return new CliError(ExitCode.denied, `not signed in${where}: nats-sts login`);
}

/** Undefined: the session is over, here or there. */
async function introspect(
  terminal: Terminal,
  { url, session }: { readonly url: URL; readonly session: StoredSession },
  clock: Clock,
): Promise<Active | undefined> {
  if (session.refreshToken === undefined || isOver(session, clock)) return undefined;
  warnIfUnencrypted(terminal, url);
  const answer = await signInService(url).introspect(session.refreshToken);
  if (answer instanceof OAuthRefusal) throw refusalError(answer);
  return answer.active ? answer : undefined;
}

interface Found {
  readonly url: URL;
  readonly active: Active;
  readonly credentials: readonly StoredCredential[];
  readonly where: Places;
}

function json({ url, active, credentials, where }: Found): string {
  const { iss, sub, username, exp, roles } = active;
  return jsonLine({
    url: url.href,
    issuer: iss,
    subject: sub,
    ...(username !== undefined && { name: username }),
    session_ends_at: exp,
    roles: roles.map(({ role, account, max_ttl }) => ({ role, account, max_ttl })),
    credentials: credentials.map(({ context, role, account, expiresAt }) => ({
      context,
      role,
      account,
      file: where.creds(context),
      expires_at: expiresAt,
    })),
  });
}

function text(terminal: Terminal, found: Found, clock: Clock): string {
  const { url, active } = found;
  const { iss, sub, username, exp } = active;
  const person = personText({
    issuer: iss,
    subject: sub,
    ...(username !== undefined && { name: username }),
  });
  const until = `${localTime(exp * 1000)} (${relativeTime(exp * 1000, clock.now())})`;
  return [
    `${person}\nsigned in at ${url.href} until ${until}\n`,
    rolesTable(terminal, active),
    credentialsTable(terminal, found, clock.now()),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function rolesTable(terminal: Terminal, { roles }: Active): string {
  if (roles.length === 0) return 'no role may be taken\n';
  const columns = [
    { title: 'ROLE' },
    { title: 'ACCOUNT', shrinkTo: 12 },
    { title: 'LASTS AT MOST' },
  ];
  const rows = roles.map(({ role, account, max_ttl }) => [role, account, durationText(max_ttl)]);
  return table(terminal, columns, rows);
}

function credentialsTable(terminal: Terminal, { credentials, where }: Found, now: number): string {
  if (credentials.length === 0) return '';
  const columns = [{ title: 'CONTEXT' }, { title: 'ROLE' }, { title: 'ENDS' }, { title: 'CREDS' }];
  const rows = credentials.map(({ context, role, expiresAt }) => {
    const file = where.creds(context);
    const ends = relativeTime(expiresAt * 1000, now);
    return [context, role, ends, existsSync(file) ? file : `${file} (gone)`];
  });
  return table(terminal, columns, rows);
}
