import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Clock } from '../../../src/clock.ts';
import { checkCommand } from '../../../src/cli/check.ts';
import { CliError } from '../../../src/cli/exit-codes.ts';
import type { Finding } from '../../../src/cli/online/finding.ts';
import type { ConfigTree, Places, ServiceGround } from '../../support/service-world.ts';
import { capturedTerminal } from '../captured-terminal.ts';

export interface Examined {
  readonly exitCode: number;
  readonly findings: readonly Finding[];
  /** The one finding of this id; fails when there is none, or more. */
  readonly one: (id: string) => Finding;
  /** Ids of the problems, each once. */
  readonly problems: readonly string[];
}

/** Runs `check --online --json`; by a clock of its own where one is given. */
export async function examine(
  { configFile }: Pick<ServiceGround, 'configFile'>,
  { clock, timeout = '60s' }: { clock?: Clock; timeout?: string } = {},
): Promise<Examined> {
  const terminal = capturedTerminal();
  const exitCode = await checkCommand(terminal, clock ? { clock } : {})
    .exitOverride()
    .parseAsync(['--online', '--json', '--timeout', timeout, '-c', configFile], { from: 'user' })
    .then(
      () => 0,
      (fault: unknown) => {
        if (!(fault instanceof CliError)) throw fault;
        return fault.exitCode;
      },
    );
  const { online } = JSON.parse(terminal.written.out) as { online: { findings: Finding[] } };
  const { findings } = online;
  return {
    exitCode,
    findings,
    one: (id) => {
      const found = findings.filter((finding) => finding.id === id);
      expect(found, `findings ${id}`).toHaveLength(1);
      return found[0]!;
    },
    problems: [
      ...new Set(findings.filter(({ level }) => level === 'problem').map(({ id }) => id)),
    ].toSorted(),
  };
}

/** Has account APP managed: with the operator's JWT and signing key, and a user of the system account. */
export function managed(tree: ConfigTree, { folder, trust }: Places): void {
  withSystem(tree, { folder, trust });
  secret(folder, 'operator-signing.nk', trust.operator.signingKey.seed());
  secret(folder, 'sealing.key', Buffer.alloc(32, 1).toString('base64'));
  tree['nats'].operatorSigningKey = { file: './operator-signing.nk' };
  tree['sealingKey'] = { file: './sealing.key' };
  delete tree['accounts'].APP.signingKeys;
}

/** Access to the system account; the account's keys stay those that are given. */
export function withSystem(
  tree: ConfigTree,
  { folder, trust }: Pick<Places, 'folder' | 'trust'>,
  creds = trust.sysCreds,
): void {
  secret(folder, 'system.creds', creds);
  secret(folder, 'operator.jwt', trust.operator.jwt);
  tree['nats'].system = { creds: './system.creds' };
  tree['nats'].operator = { file: './operator.jwt' };
}

export function secret(folder: string, name: string, content: string): void {
  writeFileSync(join(folder, name), content, { mode: 0o600 });
}
