import { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { policyOf } from '../preflight.ts';
import { configOption, requireConfig } from './config-option.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { readGoldenCases } from './golden/case.ts';
import { judge, type Verdict } from './golden/judge.ts';
import { harmless, jsonLine, styled, type Terminal } from './terminal.ts';

/** `nats-sts test`: golden cases that a team keeps beside its policy and runs in its own CI. */
export function testCommand(terminal: Terminal): Command {
  return new Command('test')
    .description('hold golden cases (claims → role, or denial) against the policy')
    .argument('<files...>', 'files of golden cases, such as policy.test.yaml')
    .addOption(configOption())
    .option('--json', 'one JSON line a case')
    .action((files: string[], { config: file, json }: { config?: string; json?: boolean }) => {
      const config = loadConfig(requireConfig(file), { env: process.env });
      const policy = policyOf(config);
      const verdicts = files
        .flatMap((file) => readGoldenCases(file))
        .map((golden) => judge(policy, config, golden));
      for (const verdict of verdicts) {
        terminal.out(json ? jsonLine(verdict) : line(terminal, verdict));
      }
      const failed = verdicts.filter(({ differences }) => differences.length > 0).length;
      if (!json) terminal.out(`${verdicts.length - failed} passed, ${failed} failed\n`);
      if (failed > 0) throw new CliError(ExitCode.failed, '');
    });
}

function line(terminal: Terminal, { name, differences }: Verdict): string {
  const ok = differences.length === 0;
  const mark = ok ? styled(terminal, 'green', 'ok  ') : styled(terminal, 'red', 'FAIL');
  const details = differences.map((difference) => `       ${harmless(difference)}\n`).join('');
  return `${mark}   ${harmless(name)}\n${details}`;
}
