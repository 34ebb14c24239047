import { connect } from 'node:net';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { Unreachable } from '../../src/cli/service-call.ts';
import { DEFAULT_URL, unnamedHint, urlOption } from '../../src/cli/url-option.ts';
import { natsSts } from './command-line.ts';
import { loginHome } from './login-home.ts';

const HINT = 'no URL was given, so nats-sts tried the default; give --url or set STS_URL';

function hint(args: readonly string[], tried: string): string | undefined {
  const command = new Command().addOption(urlOption()).parse(args, { from: 'user' });
  return unnamedHint(new Unreachable(new URL(tried), new Error('refused')), command);
}

describe('a missing URL is mentioned', () => {
  test('if the default could not be reached', () => {
    expect(hint([], `${DEFAULT_URL}/exchange`)).toBe(HINT);
  });

  test('but not if the same URL was given', () => {
    expect(hint(['--url', DEFAULT_URL], `${DEFAULT_URL}/exchange`)).toBeUndefined();
  });

  test('nor if the URL was remembered', () => {
    expect(hint([], 'https://sts.example.com/token')).toBeUndefined();
  });
});

test.each(['https://sts.example.com\n', ' https://sts.example.com/ \n'])(
  'a line break or space around a URL is not part of it: %j',
  (url) => {
    const command = new Command().addOption(urlOption()).parse(['--url', url], { from: 'user' });
    expect(String(command.opts()['url'])).toBe('https://sts.example.com/');
  },
);

/** Whether somebody else's service runs where the default points. */
const taken = await new Promise<boolean>((resolve) => {
  const socket = connect(Number(new URL(DEFAULT_URL).port), '127.0.0.1');
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  socket.once('connect', () => socket.destroy());
});

test.skipIf(taken)('a login without a URL that reaches no service says so', async () => {
  using _home = loginHome();
  const { exitCode, err } = await natsSts('login');
  expect(exitCode).toBe(5);
  expect(err).toMatch(/^nats-sts: cannot reach http:\/\/127\.0\.0\.1:8080\/.*\n/);
  expect(err.split('\n')[1]).toBe(HINT);
  const named = await natsSts('login', '--url', DEFAULT_URL);
  expect(named.err).not.toContain(HINT);
});
