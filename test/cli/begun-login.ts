import { get } from 'node:http';
import type { Command } from 'commander';
import { CliError } from '../../src/cli/exit-codes.ts';
import { loginCommand } from '../../src/cli/login.ts';
import { eventually } from '../support/eventually.ts';
import { type CapturedTerminal, capturedTerminal } from './captured-terminal.ts';
import type { LoginService } from './login-service.ts';

type Parts = NonNullable<Parameters<typeof loginCommand>[1]>;

export interface EndedLogin {
  /** Undefined on success. */
  readonly error: CliError | undefined;
  readonly written: CapturedTerminal['written'];
}

/** A running `nats-sts login`, with the test as its browser. */
export function beginLogin(
  service: Pick<LoginService, 'url'>,
  args: readonly string[] = [],
  parts: Parts = {},
) {
  const terminal = capturedTerminal();
  const command = loginCommand(terminal, parts).exitOverride();
  const done = ended(command, terminal, ['--url', service.url, '--no-browser', ...args]);
  return {
    written: terminal.written,
    done,
    /** The address that it printed. */
    page: () =>
      eventually(() => {
        const [, address] = /^ {2}(http\S+\/authorize\?\S+)$/m.exec(terminal.written.err) ?? [];
        return address === undefined ? undefined : new URL(address);
      }),
  };
}

async function ended(
  command: Command,
  { written }: CapturedTerminal,
  args: readonly string[],
): Promise<EndedLogin> {
  try {
    await command.parseAsync(args, { from: 'user' });
    return { error: undefined, written };
  } catch (error) {
    if (error instanceof CliError) return { error, written };
    throw error;
  }
}

/** The address to which the browser returns, with these parameters. */
export function callback(page: URL, parameters: Readonly<Record<string, string>>): URL {
  const back = new URL(page.searchParams.get('redirect_uri') ?? '');
  back.search = new URLSearchParams(parameters).toString();
  return back;
}

/** A GET with exactly these headers; returns the status and the location. */
export function getAs(
  url: URL,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<{ status: number; location: string | undefined }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { method, headers, agent: false }, (response) => {
      response.resume();
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, location: response.headers.location });
      });
    });
    request.once('error', reject);
    request.end();
  });
}
