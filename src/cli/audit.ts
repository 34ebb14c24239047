import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type AuditEvent, EVENT_TYPES } from '../audit/event.ts';
import type { AuditFilter } from '../audit/log.ts';
import { openAuditReader, type SqliteReader } from '../audit/reader/sqlite-reader.ts';
import { type Clock, systemClock } from '../clock.ts';
import { loadConfig } from '../config/load.ts';
import { auditTable } from './audit-table.ts';
import { configOption, requireConfig } from './config-option.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { jsonLine, type Terminal } from './terminal.ts';
import { parseMoment } from './time.ts';

/** As commander names them; those that filter are named as in `AuditFilter`, but for the issuer. */
interface AuditOptions
  extends Omit<AuditFilter, 'issuerName' | 'limit'>,
    Partial<Record<(typeof SHORTCUTS)[number], true>> {
  readonly config?: string;
  readonly file?: string;
  readonly issuer?: string;
  readonly limit: number;
  readonly all?: true;
  readonly json?: true;
  readonly follow?: true;
}

interface AuditCommandParts {
  readonly clock?: Clock;
  readonly env?: NodeJS.ProcessEnv;
  /** Ends `--follow`; without it, only the end of the process does. */
  readonly stop?: AbortSignal;
}

/** The types that are looked for most have options of their own. */
const SHORTCUTS = ['issued', 'denied', 'rejected', 'login'] as const satisfies AuditEvent['type'][];

const FOLLOW_MILLISECONDS = 500;

/** `nats-sts audit`: what was issued, denied and rejected, who signed in, and what became of keys and revocations, also while the service runs. */
export function auditCommand(terminal: Terminal, parts: AuditCommandParts = {}): Command {
  const { clock = systemClock, env = process.env } = parts;
  const moment = (text: string): number => parseTime(text, clock);
  return new Command('audit')
    .description('show what was issued, denied, rejected, revoked and rotated, and who signed in')
    .addOption(configOption())
    .option('--file <file>', 'read this store instead of the one in the configuration')
    .option('--since <time>', 'from then on: 15m, 1h, 7d, or 2026-11-02T09:00', moment)
    .option('--until <time>', 'before then', moment)
    .addOption(new Option('--type <type>', 'records of this type').choices(EVENT_TYPES))
    .addOption(shortcut('issued'))
    .addOption(shortcut('denied'))
    .addOption(shortcut('rejected'))
    .addOption(shortcut('login'))
    .option('--issuer <name>', 'the name an issuer has in the configuration')
    .option('--subject <subject>', 'the identity')
    .option('--role <role>', 'the role issued, or asked for')
    .option('--binding <binding>', 'the binding that decided, or came nearest')
    .option('--user <nkey>', "the user's public nkey, U…")
    .option('--request-id <id>', 'the request')
    .option('--reason <reason>', 'why it was denied or rejected, e.g. token_expired')
    .option('--token-hash <sha256>', 'SHA-256 of the subject token, hexadecimal')
    .option('--limit <n>', 'the newest so many', parseLimit, 100)
    .option('--all', 'no limit')
    .option('--json', 'one line of JSON a record, as it is stored')
    .option('--follow', 'go on with what comes, until interrupted')
    .addHelpText('after', EXAMPLES)
    .action(async (options: AuditOptions) => {
      const reader = openReader(storeFile(options, env));
      try {
        await show(reader, options, { terminal, clock, stop: parts.stop });
      } finally {
        reader.close();
      }
    });
}

/** `--issued` for `--type issued`. */
function shortcut(type: (typeof SHORTCUTS)[number]): Option {
  const others = SHORTCUTS.filter((other) => other !== type);
  return new Option(`--${type}`, `--type ${type}`).conflicts([...others, 'type']);
}

const EXAMPLES = `
Examples:
  nats-sts audit --config sts.yaml --since 1h --denied
  nats-sts audit --config sts.yaml --login --follow    who signs in, and what they hand to programs
  nats-sts audit --config sts.yaml --user UD…          whose credential is this?
  nats-sts audit --config sts.yaml --all --json | jq   everything, for programs`;

function parseTime(text: string, clock: Clock): number {
  const time = parseMoment(text, clock.now());
  if (time === undefined) {
    throw new InvalidArgumentError('Write 15m, 1h or 7d for so long ago, or 2026-11-02T09:00.');
  }
  return time;
}

function parseLimit(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Write a number from 1 up.');
  return Number(text);
}

function storeFile({ file, config }: AuditOptions, env: NodeJS.ProcessEnv): string {
  return file ?? loadConfig(requireConfig(config), { env }).store.sqliteFile;
}

function openReader(file: string): SqliteReader {
  try {
    return openAuditReader(file);
  } catch (cause) {
    const { message } = cause instanceof Error ? cause : new Error(String(cause));
    throw new CliError(ExitCode.unavailable, `${message} (nats-sts serve creates it)`, { cause });
  }
}

function filterOf(options: AuditOptions): AuditFilter {
  const { limit, ...others } = options;
  const type = options.type ?? SHORTCUTS.find((type) => options[type]);
  return {
    ...others,
    ...(type !== undefined && { type }),
    ...(options.issuer !== undefined && { issuerName: options.issuer }),
    ...(options.all ? {} : { limit }),
  };
}

interface Where {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly stop: AbortSignal | undefined;
}

async function show(reader: SqliteReader, options: AuditOptions, where: Where): Promise<void> {
  const filter = filterOf(options);
  const print = options.json ? printJson(where) : printTables(where, options.follow ?? false);
  // Asked first, so that nothing written between the list and the first poll falls through.
  const next = reader.follow(filter);
  const shown = print(reader.list(filter));
  if (options.follow) return follow(next, print, where.stop);
  if (!options.json) hint(where.terminal, shown, filter.limit);
}

type Print = (events: Iterable<AuditEvent>) => number;

function printJson({ terminal }: Where): Print {
  return (events) => {
    let count = 0;
    for (const event of events) {
      terminal.out(jsonLine(event));
      count += 1;
    }
    return count;
  };
}

function printTables({ terminal, clock }: Where, following: boolean): Print {
  let header = true;
  return (events) => {
    const list = [...events];
    if (list.length === 0) return 0;
    terminal.out(auditTable(terminal, list, { now: clock.now(), header, steady: following }));
    header = false;
    return list.length;
  };
}

async function follow(
  next: () => AuditEvent[],
  print: Print,
  stop: AbortSignal | undefined,
): Promise<void> {
  while (!stop?.aborted) {
    print(next());
    await sleep(FOLLOW_MILLISECONDS, undefined, stop && { signal: stop }).catch(() => undefined);
  }
}

function hint(terminal: Terminal, shown: number, limit: number | undefined): void {
  if (shown === 0) terminal.err('no record matches\n');
  if (shown === limit) terminal.err(`the newest ${limit}; --limit and --all show more\n`);
}
