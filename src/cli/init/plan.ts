import { join } from 'node:path';
import type { KeyPair } from '../../nats/key-pair.ts';
import type { NewFile } from './files.ts';
import { natsConf } from './nats-conf.ts';
import { type StsYamlOptions, stsYaml } from './sts-yaml.ts';
import { createTrust, type TrustAccount } from './trust.ts';

export interface PlanOptions
  extends Pick<StsYamlOptions, 'port' | 'natsPort' | 'issuer' | 'match'> {
  /** Absolute. */
  readonly directory: string;
  readonly operator: string;
  readonly account: string;
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
  const trust = createTrust(options);
  const { operator, system, application } = trust;
  const jwtDirectory = join(options.directory, 'jwt');
  const account = {
    name: application.name,
    publicKey: application.key.publicKey,
    signingKeyFile: `./${KEYS}/${signingKeyFile(application)}`,
  };
  return [
    open(
      'nats-server.conf',
      'NATS server in operator mode',
      natsConf({ trust, port: options.natsPort, jwtDirectory }),
    ),
    open('sts.yaml', 'configuration of nats-sts', stsYaml({ ...options, account })),
    open('operator.jwt', 'public part of the operator', `${operator.jwt}\n`),
    key('operator.nk', 'operator identity: keep it offline', operator.key),
    key('operator-signing.nk', 'signs account JWTs', operator.signingKey),
    ...accountKeys(system),
    secret('sys.creds', `user of ${system.name}: administers the server`, trust.systemCreds),
    ...accountKeys(application),
    secret('.gitignore', 'keeps the keys out of git', '*\n'),
  ];
}

function accountKeys(account: TrustAccount): PlannedFile[] {
  const { name, key: identity, signingKey } = account;
  return [
    key(`${fileName(name)}.nk`, `identity of account ${name}: keep it offline`, identity),
    key(signingKeyFile(account), `signs users of ${name}`, signingKey),
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
