import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { CliError, ExitCode } from '../exit-codes.ts';

/** Where nsc and nats auth keep their JWTs and keys. */
export interface NscDirectories {
  /** Holds a directory for each operator. */
  readonly stores: string;
  readonly keys: string;
  /** The operator selected in nsc. */
  readonly operator: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The directories of nsc: those in the options, else where nsc itself looks (its `home/home.go`).
 * `nats auth` keeps the same files in the newer of these.
 */
export function nscDirectories(
  { nsc, keys }: { readonly nsc?: string | undefined; readonly keys?: string | undefined },
  env: Environment,
): NscDirectories {
  const home = homedir();
  const data = join(env['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'nats', 'nsc');
  const selected = readSelection(env, home);
  const candidates =
    nsc === undefined
      ? [selected.stores, join(data, 'stores'), join(home, '.nsc', 'nats')]
      : [join(nsc, 'stores'), isOperator(nsc) ? dirname(resolve(nsc)) : nsc];
  const stores = firstThere(candidates);
  if (stores === undefined) {
    throw new CliError(
      ExitCode.failed,
      `no store of nsc at ${candidates.filter(Boolean).join(', ')}: pass its directory with --nsc (nsc env shows it)`,
    );
  }
  const keysAt =
    keys === undefined
      ? [
          env['NKEYS_PATH'],
          join(dirname(resolve(stores)), 'keys'),
          join(data, 'keys'),
          join(home, '.nkeys'),
        ]
      : [keys];
  const foundKeys = firstThere(keysAt);
  if (foundKeys === undefined && keys !== undefined) {
    throw new CliError(ExitCode.failed, `--keys: ${keys} does not exist`);
  }
  return {
    stores: resolve(stores),
    // Without keys, `--print` still works.
    keys: resolve(foundKeys ?? join(data, 'keys')),
    operator: nsc !== undefined && isOperator(nsc) ? lastPart(nsc) : selected.operator,
  };
}

export function isOperator(directory: string): boolean {
  return existsSync(join(directory, '.nsc'));
}

function lastPart(path: string): string {
  const whole = resolve(path);
  return whole.slice(dirname(whole).length).replace(/^[/\\]+/, '');
}

function firstThere(paths: readonly (string | undefined)[]): string | undefined {
  return paths.find((path) => path !== undefined && path !== '' && existsSync(path));
}

/** `nsc.json`: what `nsc env` shows. */
function readSelection(env: Environment, home: string): { stores?: string; operator?: string } {
  const config = env['XDG_CONFIG_HOME'] || join(home, '.config');
  const file = firstThere(
    [env['NSC_HOME'], join(config, 'nats', 'nsc'), join(home, '.nsc')].map(
      (directory) => directory && join(directory, 'nsc.json'),
    ),
  );
  if (file === undefined) return {};
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
  const { store_root: stores, operator } = (read ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ...(typeof stores === 'string' && { stores }),
    ...(typeof operator === 'string' && operator !== '' && { operator }),
  };
}
