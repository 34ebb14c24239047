import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { type Clock, systemClock } from '../clock.ts';
import { durationText } from '../config/schema/scalars.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { personText } from './login/credential-text.ts';
import type { Introspection } from './login/oauth-answers.ts';
import { OAuthRefusal, refusalError } from './login/oauth-call.ts';
import { paths, type Paths } from './login/paths.ts';
import { openSessions } from './login/sessions.ts';
import { signInService } from './login/sign-in-service.ts';
import { hasEnded, type StoredCredential, type StoredSession } from './login/stored-service.ts';
import { notSignedIn, rememberedUrlOption, whichService } from './login/which-service.ts';
import { table } from './table.ts';
import { jsonLine, type Terminal } from './terminal.ts';
import { localTime, relativeTime } from './time.ts';
import { warnIfUnencrypted } from './url-option.ts';

interface WhoamiOptions {
  readonly url?: URL;
  readonly json?: true;
}

/** `nats-sts whoami`: who is signed in, for which roles, which roles they may request, and their credentials. */
export function whoamiCommand(terminal: Terminal, { clock = systemClock } = {}): Command {
  return new Command('whoami')
    .addOption(rememberedUrlOption())
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: WhoamiOptions) => run(terminal, options, clock));
}

const EXAMPLES = `
The exit code is 3 if nobody is signed in. A role that shows - instead of a time is available to
you, but you have not signed in for it on this machine; use nats-sts login --role ROLE.

Examples:
  nats-sts whoami
  nats-sts whoami --json | jq -r .roles[].role`;

async function run(terminal: Terminal, options: WhoamiOptions, clock: Clock): Promise<void> {
  const where = paths(process.env);
  const stored = openSessions(where);
  const url = whichService(options.url, stored);
  if (url === undefined) throw nobody(url);
  const { sessions = [], credentials = [] } = stored.all().get(url.href) ?? {};
  const held = await introspectAll(terminal, { url, sessions }, clock);
  if (held.length === 0) throw nobody(url);
  const found: Found = { url, held, credentials, where };
  terminal.out(options.json ? json(found) : text(terminal, found, clock));
}

function nobody(url: URL | undefined): CliError {
  return new CliError(ExitCode.denied, notSignedIn(url));
}

/** The sessions that have not ended, here or at the service. */
async function introspectAll(
  terminal: Terminal,
  { url, sessions }: { readonly url: URL; readonly sessions: readonly StoredSession[] },
  clock: Clock,
): Promise<Held[]> {
  const alive = sessions.filter((session) => !hasEnded(session, clock));
  if (alive.length > 0) warnIfUnencrypted(terminal, url);
  const service = signInService(url);
  const held = await Promise.all(
    alive.map(async ({ role, refreshToken }) => {
      const answer = await service.introspect(refreshToken);
      if (answer instanceof OAuthRefusal) throw refusalError(answer);
      return answer.active ? [{ role, active: answer }] : [];
    }),
  );
  return held.flat();
}

interface Found {
  readonly url: URL;
  readonly held: readonly Held[];
  readonly credentials: readonly StoredCredential[];
  readonly where: Paths;
}

function json({ url, held, credentials, where }: Found): string {
  return jsonLine({
    url: url.href,
    sessions: held.map(({ role, active: { iss, sub, username, exp } }) => ({
      role,
      issuer: iss,
      subject: sub,
      ...(username !== undefined && { name: username }),
      ends_at: exp,
    })),
    roles: rolesOf(held).map(({ role, account, max_ttl }) => ({ role, account, max_ttl })),
    credentials: credentials.map(({ context, role, account, expiresAt, inboxPrefix }) => ({
      context,
      role,
      account,
      file: where.creds(context),
      expires_at: expiresAt,
      ...(inboxPrefix !== undefined && { inbox_prefix: inboxPrefix }),
    })),
  });
}

function text(terminal: Terminal, found: Found, clock: Clock): string {
  const { url, held } = found;
  const now = clock.now();
  // A person may use different accounts for different roles.
  const people = Map.groupBy(held, ({ active: { iss, sub } }) => JSON.stringify([iss, sub]));
  const parts = [...people.values()].map((theirs) =>
    [personOf(theirs), `signed in at ${url.href}\n`, rolesTable(terminal, theirs, now)].join('\n'),
  );
  return [...parts, credentialsTable(terminal, found, now)]
    .filter((part) => part !== '')
    .join('\n');
}

function credentialsTable(terminal: Terminal, { credentials, where }: Found, now: number): string {
  if (credentials.length === 0) return '';
  const columns = [
    { title: 'CONTEXT' },
    { title: 'ROLE' },
    { title: 'EXPIRES' },
    { title: 'CREDS' },
  ];
  const rows = credentials.map(({ context, role, expiresAt }) => {
    const file = where.creds(context);
    const ends = relativeTime(expiresAt * 1000, now);
    return [context, role, ends, existsSync(file) ? file : `${file} (missing)`];
  });
  return table(terminal, columns, rows);
}

type Active = Extract<Introspection, { active: true }>;

/** A stored session that is still valid, with what the service says about it. */
interface Held {
  readonly role: string;
  readonly active: Active;
}

/** The person behind the sessions, if they all belong to one. */
function personOf([held]: readonly Held[]): string {
  if (held === undefined) return '';
  const { iss, sub, username } = held.active;
  return personText({
    issuer: iss,
    subject: sub,
    ...(username !== undefined && { name: username }),
  });
}

/** The roles that any of the sessions may request, each once, in the order of the service. */
function rolesOf(held: readonly Held[]): Active['roles'] {
  const roles = held.flatMap(({ active }) => active.roles);
  return [...new Map(roles.map((role) => [role.role, role])).values()];
}

/** One line per role: with a session, or available. `now` is in milliseconds since the Unix epoch. */
function rolesTable(terminal: Terminal, held: readonly Held[], now: number): string {
  const columns = [
    { title: 'ROLE' },
    { title: 'ACCOUNT', shrinkTo: 12 },
    { title: 'MAX LIFETIME' },
    { title: 'SIGNED IN UNTIL' },
  ];
  const ends = new Map(held.map(({ role, active }) => [role, active.exp * 1000]));
  const until = (role: string) => {
    const end = ends.get(role);
    return end === undefined ? '-' : `${localTime(end)} (${relativeTime(end, now)})`;
  };
  const roles = rolesOf(held);
  const withdrawn = held.filter(({ role }) => !roles.some((given) => given.role === role));
  return table(terminal, columns, [
    ...roles.map(({ role, account, max_ttl }) => [
      role,
      account,
      durationText(max_ttl),
      until(role),
    ]),
    ...withdrawn.map(({ role }) => [role, '-', 'no longer available', until(role)]),
  ]);
}
