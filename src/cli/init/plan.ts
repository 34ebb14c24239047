import { join } from 'node:path';
import { natsConf } from './nats-conf.ts';
import {
  fromConfig,
  gitignore,
  key,
  MANAGING,
  open,
  OPERATOR_SIGNING_KEY,
  type PlannedFile,
  sealingKey,
  secret,
  SYSTEM_CREDS,
} from './planned-file.ts';
import { type StsYamlOptions, stsYaml } from './sts-yaml.ts';
import { createTrust, type Trust, type TrustAccount } from './trust.ts';

export interface PlanOptions extends Pick<StsYamlOptions, 'port' | 'issuer' | 'match' | 'admin'> {
  /** Absolute. */
  readonly directory: string;
  readonly natsPort: number;
  readonly operator: string;
  readonly account: string;
  /** Whether `init` creates the account's signing key, for the operator to rotate by hand. */
  readonly external: boolean;
  readonly jetstream: boolean;
}

/** The files that `init` writes, with new keys. The key files of an account are named after it. */
export async function planFiles(options: PlanOptions): Promise<PlannedFile[]> {
  const { external, directory, jetstream } = options;
  const trust = await createTrust({ ...options, managed: !external });
  const { operator, system, application } = trust;
  return [
    open(
      'nats-server.conf',
      'NATS server in operator mode',
      natsConf({
        trust,
        port: options.natsPort,
        jwtDirectory: join(directory, 'jwt'),
        ...(jetstream && { jetstreamDirectory: join(directory, 'jetstream') }),
      }),
    ),
    open(
      'sts.yaml',
      'configuration of nats-sts',
      stsYaml({
        ...options,
        servers: [`nats://127.0.0.1:${options.natsPort}`],
        ...keyFiles(application),
      }),
    ),
    open('operator.jwt', 'public part of the operator', `${operator.jwt}\n`),
    key('operator.nk', 'operator identity: keep it offline', operator.key),
    key(OPERATOR_SIGNING_KEY, 'signs account JWTs', operator.signingKey),
    ...accountKeys(system),
    secret(
      'sys.creds',
      `user of ${system.name} for you: administers the server`,
      trust.systemCreds,
    ),
    ...(external ? [] : forManaging(trust)),
    ...accountKeys(application),
    gitignore(),
  ];
}

function forManaging({ system, stsSystemCreds }: Trust): PlannedFile[] {
  return [
    secret(
      SYSTEM_CREDS,
      `user of ${system.name} for nats-sts: publishes account JWTs`,
      stsSystemCreds,
    ),
    sealingKey(),
  ];
}

/** The account for the configuration; paths are relative to it. */
function keyFiles(application: TrustAccount): Pick<StsYamlOptions, 'account' | 'managing'> {
  const { name, publicKey, signingKey } = application;
  const account = { name, publicKey };
  if (signingKey) {
    return { account: { ...account, signingKeyFile: fromConfig(signingKeyFile(application)) } };
  }
  return {
    account,
    managing: MANAGING,
  };
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

/** The option's parser rejects names that would collide here. */
function fileName(account: string): string {
  return account.toLowerCase();
}
