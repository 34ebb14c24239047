import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AccountClaims, readAccountJwt } from '../../account/account-jwt.ts';
import { publicKeyOfSeed } from '../../nats/key-pair.ts';
import { Malformed } from '../../nats/malformed.ts';
import { decodePublicKey } from '../../nats/nkeys.ts';
import { parseOperatorJwt, type TrustedOperator } from '../../nats/operator-jwt.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { isOperator, type NscDirectories } from './nsc-directories.ts';

export interface NscAccount {
  readonly name: string;
  readonly claims: AccountClaims;
}

/** One operator in a store of nsc. The store is only read. */
export interface NscOperator {
  /** As in the store of nsc. */
  readonly name: string;
  readonly operator: TrustedOperator;
  readonly jwtFile: string;
  readonly accounts: readonly NscAccount[];
}

/** Throws `CliError` if there is no such operator, or several to choose from. */
export function readOperator(
  { stores, operator: selected }: NscDirectories,
  wanted?: string,
): NscOperator {
  const names = directoriesIn(stores).filter((name) => isOperator(join(stores, name)));
  const name = choose({
    what: 'operator',
    option: '--operator',
    place: stores,
    names,
    wanted,
    selected,
  });
  const directory = join(stores, name);
  const jwtFile = join(directory, `${name}.jwt`);
  const operator = parseOperatorJwt(read(jwtFile));
  if (operator instanceof Malformed) throw unusable(jwtFile, operator);
  const accounts = directoriesIn(join(directory, 'accounts')).map((account): NscAccount => {
    const file = join(directory, 'accounts', account, `${account}.jwt`);
    const claims = readAccountJwt(bare(read(file)));
    if (claims instanceof Malformed) throw unusable(file, claims);
    return { name: account, claims };
  });
  return { name, operator, jwtFile, accounts };
}

/** The account to manage: any but the system account. */
export function chooseAccount(
  { name, operator, accounts }: NscOperator,
  wanted: string | undefined,
): NscAccount {
  const others = accounts.filter(({ claims }) => claims.sub !== operator.systemAccount);
  const chosen = choose({
    what: 'account',
    option: '--account',
    place: `operator ${name}`,
    names: others.map((account) => account.name),
    wanted: others.find(({ claims }) => claims.sub === wanted)?.name ?? wanted,
  });
  const found = others.find((account) => account.name === chosen);
  if (!found) throw new TypeError('the chosen account does not exist');
  return found;
}

function choose({
  what,
  option,
  place,
  names,
  wanted,
  selected,
}: {
  readonly what: string;
  readonly option: string;
  readonly place: string;
  readonly names: readonly string[];
  readonly wanted?: string | undefined;
  readonly selected?: string | undefined;
}): string {
  const list = names.length > 0 ? `it has ${names.join(', ')}` : 'it has none';
  if (wanted !== undefined) {
    if (names.includes(wanted)) return wanted;
    throw new CliError(ExitCode.failed, `${place} has no ${what} ${wanted}: ${list}`);
  }
  if (names.length === 1 && names[0] !== undefined) return names[0];
  if (selected !== undefined && names.includes(selected)) return selected;
  throw new CliError(
    names.length === 0 ? ExitCode.failed : ExitCode.usage,
    names.length === 0
      ? `${place} has no ${what}`
      : `${place} has several ${what}s: ${names.join(', ')}; choose one with ${option}`,
  );
}

/**
 * The seed of this public key, from nsc's key store or from a directory of `.nk` files; undefined
 * if neither has it. Secret.
 */
export function seedOf(publicKey: string, keys: string): string | undefined {
  // It becomes part of a path.
  if (decodePublicKey(publicKey) === undefined) return undefined;
  const [kind, shard] = [publicKey.slice(0, 1), publicKey.slice(1, 3)];
  const file = `${publicKey}.nk`;
  const places = [
    join(keys, 'keys', kind, shard, file),
    join(keys, kind, shard, file),
    join(keys, file),
  ];
  const loose = existsSync(keys)
    ? readdirSync(keys)
        .filter((name) => name.endsWith('.nk'))
        .map((name) => join(keys, name))
    : [];
  for (const path of [...places, ...loose]) {
    if (!existsSync(path)) continue;
    const seed = readFileSync(path, 'utf8').trim();
    if (publicKeyOfSeed(seed) === publicKey) return seed;
  }
  return undefined;
}

function directoriesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CliError(ExitCode.failed, `cannot read ${file}: ${String(cause)}`, { cause });
  }
}

/** nsc writes JWTs bare or between two lines of dashes. */
function bare(text: string): string {
  return /^\s*-{3,}BEGIN[^\n]*\n\s*([\w.-]+)\s/.exec(text)?.[1] ?? text.trim();
}

function unusable(file: string, { problem }: Malformed): CliError {
  return new CliError(ExitCode.failed, `cannot use ${file}: ${problem}`);
}
