import { MANAGING } from '../init/planned-file.ts';
import { type StsYamlOptions, stsYaml } from '../init/sts-yaml.ts';
import {
  addSystemAccount,
  copyOperatorJwt,
  copySigningKey,
  makeSealingKey,
  makeSigningKey,
  makeSystemUser,
  type Step,
  stepsText,
} from './commands.ts';
import type { Selection } from './selection.ts';
import { configName } from './plan.ts';

/** The same by hand, in an empty directory that becomes that of the configuration. */
export function guide(
  { operator, account, names, key }: Selection,
  settings: Omit<StsYamlOptions, 'account' | 'managing'>,
): string {
  const seedFile = MANAGING.operatorSigningKeyFile;
  const steps: Step[] = [
    ...(operator.operator.systemAccount === undefined ? [addSystemAccount(operator.name)] : []),
    key ? copySigningKey(key.publicKey, names, seedFile) : makeSigningKey(names, seedFile),
    copyOperatorJwt(names, MANAGING.operatorJwtFile),
    makeSystemUser(names, MANAGING.systemCredsFile),
    makeSealingKey(MANAGING.sealingKeyFile),
  ];
  const yaml = stsYaml({
    ...settings,
    account: { name: configName(account.name), publicKey: account.claims.sub },
    managing: MANAGING,
  });
  return `In an empty directory, run mkdir -m 700 keys, then:

${stepsText(steps)}
${steps.length + 1}. Write sts.yaml as below, then check it: nats-sts check --online --config sts.yaml

${yaml}`;
}
