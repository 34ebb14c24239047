import { CliError, ExitCode } from '../exit-codes.ts';
import { SYSTEM_CREDS } from '../init/planned-file.ts';
import {
  addSigningKey,
  addSystemAccount,
  makeSystemUser as systemUserStep,
  type Names,
  type Step,
  stepsText,
} from './commands.ts';
import {
  givenSystemUser,
  makeSystemUser,
  type OperatorKey,
  operatorKey,
  type SystemUser,
} from './credentials.ts';
import { chooseAccount, type NscAccount, type NscOperator, readOperator } from './nsc-store.ts';
import { type NscDirectories, nscDirectories } from './nsc-directories.ts';

/** What to take from the store. What is absent is chosen if there is only one. */
export interface SelectionOptions {
  readonly nsc?: string;
  readonly keys?: string;
  readonly operator?: string;
  readonly account?: string;
  /** Public key of an operator signing key. */
  readonly operatorKey?: string;
  /** Creds file. */
  readonly systemCreds?: string;
}

/** What was found in the store. */
export interface Selection {
  readonly directories: NscDirectories;
  readonly operator: NscOperator;
  readonly account: NscAccount;
  readonly names: Names;
  readonly system: NscAccount | undefined;
  /** Undefined: the key store has no seed of one. */
  readonly key: OperatorKey | undefined;
}

export function select(options: SelectionOptions): Selection {
  const directories = nscDirectories(options, process.env);
  const operator = readOperator(directories, options.operator);
  const account = chooseAccount(operator, options.account);
  const system = operator.accounts.find(
    ({ claims }) => claims.sub === operator.operator.systemAccount,
  );
  return {
    directories,
    operator,
    account,
    system,
    names: {
      operator: operator.name,
      systemAccount: system?.name ?? 'SYS',
      keys: directories.keys,
      operatorJwtFile: operator.jwtFile,
    },
    key: operatorKey(operator, directories.keys, options.operatorKey),
  };
}

/** The keys that nats-sts needs. Throws a `CliError` that lists what is missing and the commands to create it. */
export async function requireKeys(
  { systemCreds }: SelectionOptions,
  { directories, operator, system, names, key }: Selection,
): Promise<{ readonly key: OperatorKey; readonly systemUser: SystemUser }> {
  const systemUser =
    systemCreds === undefined
      ? system && (await makeSystemUser(system, directories.keys))
      : givenSystemUser(systemCreds);
  const missing: { readonly why: string; readonly step: Step }[] = [];
  if (!key) missing.push({ why: whyNoKey(operator, directories), step: addSigningKey(names) });
  if (operator.operator.systemAccount === undefined) {
    missing.push({
      why: `operator ${operator.name} has no system account`,
      step: addSystemAccount(operator.name),
    });
  } else if (!systemUser) {
    missing.push({
      why: `no key of the system account is in ${directories.keys}: create the user where the key is, then add --system-creds ${SYSTEM_CREDS}`,
      step: systemUserStep(names, SYSTEM_CREDS),
    });
  }
  if (missing.length > 0 || !key || !systemUser) {
    const reasons = missing.map(({ why }) => `  ${why}`).join('\n');
    const steps = stepsText(missing.map(({ step }) => step));
    throw new CliError(
      ExitCode.failed,
      `nothing was written, because something is missing:\n${reasons}\n\n${steps}\nThen run nats-sts adopt again.`,
    );
  }
  return { key, systemUser };
}

function whyNoKey({ name, operator }: NscOperator, { keys }: NscDirectories): string {
  const { signingKeys } = operator;
  return signingKeys.length === 0
    ? `operator ${name} has no signing key, and its identity key should stay offline`
    : `${keys} has no seed of a signing key of operator ${name} (${signingKeys.join(', ')}): pass its directory with --keys, or add a key`;
}
