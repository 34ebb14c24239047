import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { ExitCode } from '../../src/cli/exit-codes.ts';
import { natsSts } from './command-line.ts';

const COMMANDS = [
  'serve',
  'init',
  'check',
  'explain',
  'test',
  'audit',
  'exchange',
  'login',
  'whoami',
  'logout',
  'keys',
  'revoke',
  'revocations',
  'health',
];

test('--version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(await natsSts('--version')).toEqual({ exitCode: 0, out: `${version}\n`, err: '' });
});

test('--help has every command and every exit code', async () => {
  const { exitCode, out, err } = await natsSts('--help');
  expect([exitCode, err]).toEqual([0, '']);
  for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^  ${command} `, 'm'));
  for (const code of Object.values(ExitCode))
    expect(out).toMatch(new RegExp(`^  ${code}  \\w`, 'm'));
});

test.each(COMMANDS)('%s --help has examples that begin with it', async (command) => {
  const { exitCode, out } = await natsSts(command, '--help');
  expect(exitCode).toBe(0);
  expect(out).toMatch(new RegExp(`Examples:\\n[^]*nats-sts"?,? "?${command}\\b`));
});

describe('wrong usage exits with 2, and stderr says why', () => {
  test.each([
    ['no command', [], 'Usage: nats-sts'],
    ['an unknown command', ['chekc'], '(Did you mean check?)'],
    ['an unknown option', ['check', '--jason'], '(Did you mean --json?)'],
    ['a missing argument', ['test'], "missing required argument 'files'"],
    ['one too many', ['check', 'sts.yaml'], 'too many arguments'],
    ['a value that is none of those', ['serve', '--log-level', 'loud'], 'Allowed choices are'],
  ])('%s', async (_, args, message) => {
    const { exitCode, out, err } = await natsSts(...args);
    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });
});

test('every command that needs a configuration says how to name it', async () => {
  vi.stubEnv('STS_CONFIG', undefined);
  for (const args of [
    ['serve'],
    ['check'],
    ['explain', '--token', 'x'],
    ['test', 'f'],
    ['health'],
  ]) {
    const { exitCode, err } = await natsSts(...args);
    expect([args[0], exitCode]).toEqual([args[0], 2]);
    expect(err).toContain('Give --config sts.yaml or set STS_CONFIG');
  }
  vi.unstubAllEnvs();
});
