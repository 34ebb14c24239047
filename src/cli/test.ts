import { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { InvalidInput } from '../errors.ts';
import { preflight } from '../service/signing/preflight.ts';
import { configOption, requireConfig } from './config-option.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { type GoldenCase, readGoldenCases } from './golden/case.ts';
import { createJudge, type Verdict } from './golden/judge.ts';
import { harmless, jsonLine, styled, type Terminal } from './terminal.ts';

/** `nats-sts test`: runs golden cases, which a team keeps with its policy, for example in CI. */
export function testCommand(terminal: Terminal): Command {
  return new Command('test')
    .argument('<files...>', 'files with golden cases, such as policy.test.yaml')
    .addOption(configOption())
    .option('--json', 'print one JSON line per case')
    .addHelpText('after', EXAMPLES)
    .action((files: string[], { config: file, json }: { config?: string; json?: boolean }) => {
      const config = loadConfig(requireConfig(file), { env: process.env });
      preflight(config);
      const verdicts = readAll(files).map(createJudge(config.policy, config));
      for (const verdict of verdicts) {
        terminal.out(json ? jsonLine(verdict) : line(terminal, verdict));
      }
      const failed = verdicts.filter(({ differences }) => differences.length > 0).length;
      if (!json) terminal.out(`${verdicts.length - failed} passed, ${failed} failed\n`);
      if (failed > 0) throw new CliError(ExitCode.failed, '');
    });
}

const EXAMPLES = `
A golden file lists cases and their expected results:

  cases:
    - name: deploy jobs publish orders
      issuer: github
      claims: { sub: "repo:acme/orders:ref:refs/heads/main", repository_owner_id: "123456" }
      expect: { role: orders-publisher, publish: ["orders.>"] }
    - name: nobody else does
      issuer: github
      claims: { sub: "repo:other/fork:ref:refs/heads/main", repository_owner_id: "666" }
      expect: { denied: no_binding, failed: repository_owner_id }

Examples:
  nats-sts test --config sts.yaml policy.test.yaml
  nats-sts test --config sts.yaml tests/*.yaml --json`;

/** Reports every problem of every file at once. */
function readAll(files: readonly string[]): GoldenCase[] {
  const faults: InvalidInput[] = [];
  const cases = files.flatMap((file) => {
    try {
      return readGoldenCases(file);
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      faults.push(error);
      return [];
    }
  });
  const [first] = faults;
  if (first === undefined) return cases;
  if (faults.length === 1) throw first;
  throw new CliError(ExitCode.configuration, faults.map(({ message }) => message).join('\n'));
}

function line(terminal: Terminal, { name, place, differences }: Verdict): string {
  if (differences.length === 0) return `${styled(terminal, 'green', 'ok  ')}   ${harmless(name)}\n`;
  const mark = styled(terminal, 'red', 'FAIL');
  const details = differences.map((difference) => `       ${harmless(difference)}\n`).join('');
  return `${mark}   ${harmless(name)}  ${styled(terminal, 'dim', harmless(place))}\n${details}`;
}
