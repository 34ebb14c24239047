import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { KeyPair } from '../../nats/key-pair.ts';
import type { NewFile } from './files.ts';
import { natsConf } from './nats-conf.ts';
import { type StsYamlOptions, stsYaml } from './sts-yaml.ts';
import { createTrust, type Trust, type TrustAccount } from './trust.ts';

export interface PlanOptions
  extends Pick<StsYamlOptions, 'port' | 'natsPort' | 'issuer' | 'match' | 'admin'> {
  /** Absolute. */
  readonly directory: string;
  readonly operator: string;
  readonly account: string;
  /** Whether the account's signing key is made here, once, and replaced by hand. */
  readonly external: boolean;
  /** Unix seconds. */
  readonly now: number;
}

export interface PlannedFile extends NewFile {
  /** What it is, for people. */
  readonly about: string;
}

const KEYS = 'keys';

/** Everything that `init` writes, with fresh keys. The files of an account are named after it. */
export function planFiles(options: PlanOptions): PlannedFile[] {
  const { external } = options;
  const trust = createTrust({ ...options, managed: !external });
  const { operator, system, application } = trust;
  const jwtDirectory = join(options.directory, 'jwt');
  return [
    open(
      'nats-server.conf',
      'NATS server in operator mode',
      natsConf({ trust, port: options.natsPort, jwtDirectory }),
    ),
    open(
      'sts.yaml',
      'configuration of nats-sts',
      stsYaml({ ...options, ...keyFiles(application) }),
    ),
    open('operator.jwt', 'public part of the operator', `${operator.jwt}\n`),
    key('operator.nk', 'operator identity: keep it offline', operator.key),
    key(OPERATOR_SIGNING_KEY, 'signs account JWTs', operator.signingKey),
    ...accountKeys(system),
    secret(
      'sys.creds',
      `user of ${system.name}, for you: administers the server`,
      trust.systemCreds,
    ),
    ...(external ? [] : forManaging(trust)),
    ...accountKeys(application),
    open(`${KEYS}/.gitignore`, 'keeps the keys out of git', '*\n'),
  ];
}

const OPERATOR_SIGNING_KEY = 'operator-signing.nk';
const SYSTEM_CREDS = 'sts-system.creds';
const SEALING_KEY = 'sealing.key';

function forManaging({ system, stsSystemCreds }: Trust): PlannedFile[] {
  return [
    secret(
      SYSTEM_CREDS,
      `user of ${system.name}, for nats-sts: publishes account JWTs`,
      stsSystemCreds,
    ),
    secret(
      SEALING_KEY,
      'seals the signing keys in the store: keep a copy',
      `${randomBytes(32).toString('base64')}\n`,
    ),
  ];
}

/** The account as the configuration has it, with its files seen from there. */
function keyFiles(application: TrustAccount): Pick<StsYamlOptions, 'account' | 'managing'> {
  const { name, key: identity, signingKey } = application;
  const account = { name, publicKey: identity.publicKey };
  if (signingKey) {
    return { account: { ...account, signingKeyFile: fromConfig(signingKeyFile(application)) } };
  }
  return {
    account,
    managing: {
      operatorJwtFile: './operator.jwt',
      operatorSigningKeyFile: fromConfig(OPERATOR_SIGNING_KEY),
      systemCredsFile: fromConfig(SYSTEM_CREDS),
      sealingKeyFile: fromConfig(SEALING_KEY),
    },
  };
}

function fromConfig(name: string): string {
  return `./${KEYS}/${name}`;
}

function accountKeys(account: TrustAccount): PlannedFile[] {
  const { name, key: identity, signingKey } = account;
  return [
    key(`${fileName(name)}.nk`, `identity of account ${name}: keep it offline`, identity),
    ...(signingKey ? [key(signingKeyFile(account), `signs users of ${name}`, signingKey)] : []),
  ];
}

function signingKeyFile({ name }: TrustAccount): string {
  return `${fileName(name)}-signing.nk`;
}

/** Names that this would mix up are refused with the other bad names. */
function fileName(account: string): string {
  return account.toLowerCase();
}

function open(path: string, about: string, content: string): PlannedFile {
  return { path, about, content, secret: false };
}

function key(name: string, about: string, pair: KeyPair): PlannedFile {
  return secret(name, about, `${pair.seed()}\n`);
}

function secret(name: string, about: string, content: string): PlannedFile {
  return { path: `${KEYS}/${name}`, about, content, secret: true };
}
