import { NAME } from '../../config/schema/scalars.ts';
import {
  gitignore,
  MANAGING,
  open,
  OPERATOR_SIGNING_KEY,
  type PlannedFile,
  sealingKey,
  secret,
  SYSTEM_CREDS,
} from '../init/planned-file.ts';
import { type StsYamlOptions, stsYaml } from '../init/sts-yaml.ts';
import type { OperatorKey, SystemUser } from './credentials.ts';
import type { NscAccount, NscOperator } from './nsc-store.ts';

export interface AdoptPlan
  extends Pick<StsYamlOptions, 'port' | 'issuer' | 'match' | 'admin' | 'servers'> {
  readonly operator: NscOperator;
  readonly account: NscAccount;
  readonly operatorKey: OperatorKey;
  readonly systemUser: SystemUser;
}

/** The files that `adopt` writes. */
export function planAdoption(plan: AdoptPlan): PlannedFile[] {
  const { operator, account, operatorKey, systemUser } = plan;
  const yaml = stsYaml({
    ...plan,
    account: { name: configName(account.name), publicKey: account.claims.sub },
    managing: MANAGING,
  });
  return [
    open('sts.yaml', 'configuration of nats-sts', yaml),
    open('operator.jwt', `public part of operator ${operator.name}`, `${operator.operator.jwt}\n`),
    secret(
      OPERATOR_SIGNING_KEY,
      'signs account JWTs; copied from the key store',
      `${operatorKey.seed}\n`,
    ),
    secret(
      SYSTEM_CREDS,
      'system account user for nats-sts: publishes account JWTs',
      systemUser.creds,
    ),
    sealingKey(),
    gitignore(),
  ];
}

/** nsc allows names that the configuration does not. */
export function configName(name: string): string {
  const usable = name.replaceAll(/[^A-Za-z0-9_-]+/g, '_').slice(0, 64);
  return NAME.test(usable) ? usable : 'APP';
}
