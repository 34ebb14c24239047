import { systemUserPermissions } from '../../account/system/permissions.ts';
import { shellWord } from '../shell-word.ts';

/** One step, in lines of POSIX shell for either tool. */
export interface Step {
  readonly title: string;
  readonly nsc: readonly string[];
  readonly nats: readonly string[];
}

export interface Names {
  /** As in the store of nsc. */
  readonly operator: string;
  readonly systemAccount: string;
  /** nsc's key store. */
  readonly keys: string;
  readonly operatorJwtFile: string;
}

const RESTART =
  '# copy the new operator JWT to the servers and restart them one by one; a reload does not change the operator';

/** Adds a signing key to the key store, where `adopt` finds it. */
export function addSigningKey({ operator, systemAccount, operatorJwtFile }: Names): Step {
  return {
    title: 'Add an operator signing key',
    nsc: [
      `nsc select operator ${shellWord(operator)}`,
      'nsc edit operator --sk generate',
      `nsc generate config --nats-resolver --sys-account ${shellWord(systemAccount)} --config-file resolver.conf --force`,
      RESTART,
    ],
    nats: [
      `nats auth operator keys add ${shellWord(operator)}`,
      `# its new JWT is ${operatorJwtFile}`,
      RESTART,
    ],
  };
}

/** Adds a signing key for nats-sts alone and writes its seed to `file`. */
export function makeSigningKey({ operator, keys }: Names, file: string): Step {
  return {
    title: 'Create an operator signing key for nats-sts alone',
    nsc: [
      `nsc select operator ${shellWord(operator)}`,
      'key=$(nsc generate nkey --operator 2>&1)',
      `(umask 077; set -C; echo "$key" | grep '^SO' > ${shellWord(file)})`,
      `nsc edit operator --sk "$(echo "$key" | grep '^O')"; unset key`,
      RESTART,
    ],
    nats: [
      `sk=$(nats auth operator keys add ${shellWord(operator)} | grep '^O')`,
      `install -m 600 ${shellWord(keys)}/keys/O/"$(echo "$sk" | cut -c2-3)/$sk.nk" ${shellWord(file)}`,
      RESTART,
    ],
  };
}

/** Copies the seed of an existing signing key. */
export function copySigningKey(publicKey: string, { keys }: Names, file: string): Step {
  const copy = `install -m 600 ${shellWord(`${keys}/keys/O/${publicKey.slice(1, 3)}/${publicKey}.nk`)} ${shellWord(file)}`;
  return { title: `Copy the operator signing key ${publicKey}`, nsc: [copy], nats: [copy] };
}

export function copyOperatorJwt({ operator, operatorJwtFile }: Names, file: string): Step {
  return {
    title: 'Copy the operator JWT',
    nsc: [
      `nsc select operator ${shellWord(operator)}`,
      `nsc describe operator --raw --output-file ${shellWord(file)}`,
    ],
    nats: [`cp ${shellWord(operatorJwtFile)} ${shellWord(file)}`],
  };
}

/** Creates a system account user with only the permissions that nats-sts needs. */
export function makeSystemUser({ operator, systemAccount }: Names, file: string): Step {
  const { pub, sub } = systemUserPermissions();
  const account = shellWord(systemAccount);
  return {
    title: 'Create a system account user for nats-sts',
    nsc: [
      `nsc select operator ${shellWord(operator)}`,
      `nsc add user --account ${account} --name nats-sts \\`,
      `  --allow-sub ${shellWord(sub.allow.join(','))} \\`,
      `  --allow-pub ${shellWord(pub.allow.join(','))}`,
      `(umask 077; nsc generate creds --account ${account} --name nats-sts --output-file ${shellWord(file)})`,
    ],
    nats: [
      `nats auth user add nats-sts ${account} --operator ${shellWord(operator)} --defaults \\`,
      ...sub.allow.map((subject) => `  --sub-allow ${shellWord(subject)} \\`),
      ...pub.allow.map((subject) => `  --pub-allow ${shellWord(subject)} \\`),
      `  --credential ${shellWord(file)}`,
      `chmod 600 ${shellWord(file)}`,
    ],
  };
}

export function makeSealingKey(file: string): Step {
  const make = `(umask 077; openssl rand -base64 32 > ${shellWord(file)})`;
  return { title: 'Create a sealing key, and keep a copy elsewhere', nsc: [make], nats: [make] };
}

/** For an operator without a system account. */
export function addSystemAccount(operator: string): Step {
  return {
    title: 'Give the operator a system account',
    nsc: [
      `nsc select operator ${shellWord(operator)}`,
      'nsc add account --name SYS',
      'nsc edit operator --system-account SYS',
      RESTART,
    ],
    nats: ['# nats auth creates one only together with the operator: use nsc'],
  };
}

/** For people to read and paste. */
export function stepsText(steps: readonly Step[]): string {
  const block = (lines: readonly string[]) => lines.map((line) => `    ${line}\n`).join('');
  return steps
    .map(({ title, nsc, nats }, index) => {
      const head = `${steps.length > 1 ? `${index + 1}. ` : ''}${title}\n`;
      if (nsc.join('\n') === nats.join('\n')) return `${head}${block(nsc)}`;
      return `${head}  with nsc:\n${block(nsc)}  with nats auth:\n${block(nats)}`;
    })
    .join('\n');
}
