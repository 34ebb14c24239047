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

/** As commander names them. Filters have the names of `AuditFilter`, except the issuer. */
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
  /** Ends `--follow`; without it, `--follow` runs until the process ends. */
  readonly stop?: AbortSignal;
}

/** The most common types have options of their own. */
const SHORTCUTS = ['issued', 'denied', 'rejected', 'login'] as const satisfies AuditEvent['type'][];

const FOLLOW_MILLISECONDS = 500;

/** `nats-sts audit`: shows the audit log, even while the service runs. */
export function auditCommand(terminal: Terminal, parts: AuditCommandParts = {}): Command {
  const { clock = systemClock, env = process.env } = parts;
  const moment = (text: string): number => parseTime(text, clock);
  return new Command('audit')
    .addOption(configOption())
    .option('--file <file>', 'read this store instead of the one in the configuration')
    .option(
      '--since <time>',
      'records from this time on: 15m, 1h or 7d ago, or 2026-11-02T09:00',
      moment,
    )
    .option('--until <time>', 'records before this time', moment)
    .addOption(new Option('--type <type>', 'only records of this type').choices(EVENT_TYPES))
    .addOption(shortcut('issued'))
    .addOption(shortcut('denied'))
    .addOption(shortcut('rejected'))
    .addOption(shortcut('login'))
    .option('--issuer <name>', 'only this issuer, by its name in the configuration')
    .option('--subject <subject>', 'only the identity with this subject')
    .option('--role <role>', 'only this role, issued or requested')
    .option(
      '--binding <binding>',
      'only records in which this binding allowed the request, or came closest to it',
    )
    .option('--user <nkey>', 'only the user with this public nkey, U…')
    .option('--request-id <id>', 'only this request')
    .option('--reason <reason>', 'only records with this reason, e.g. token_expired')
    .option('--token-hash <sha256>', 'only the subject token with this SHA-256, in hexadecimal')
    .option('--limit <n>', 'show only this many records, the newest', parseLimit, 100)
    .option('--all', 'show all records')
    .option('--json', 'print each record as one line of JSON, as it is stored')
    .option('--follow', 'keep printing new records until interrupted')
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
  return new Option(`--${type}`, `same as --type ${type}`).conflicts([...others, 'type']);
}

const EXAMPLES = `
Examples:
  nats-sts audit --config sts.yaml --since 1h --denied
  nats-sts audit --config sts.yaml --login --follow    who signs in, and which programs get credentials
  nats-sts audit --config sts.yaml --user UD…          whose credential is this?
  nats-sts audit --config sts.yaml --all --json | jq   everything, for programs`;

function parseTime(text: string, clock: Clock): number {
  const time = parseMoment(text, clock.now());
  if (time === undefined) {
    throw new InvalidArgumentError(
      'Write 15m, 1h or 7d (that long ago), or a time such as 2026-11-02T09:00.',
    );
  }
  return time;
}

function parseLimit(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new InvalidArgumentError('Write a whole number, 1 or more.');
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
  // Opened first, so that no record written between the list and the first poll is missed.
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
  if (shown === limit) terminal.err(`showing the newest ${limit}; use --limit or --all for more\n`);
}
