import { program } from '../src/cli/program.ts';
import type { Terminal } from '../src/cli/terminal.ts';

/** The answer of `POST /exchange` (openapi.yaml). */
export interface Credential {
  readonly jwt: string;
  readonly creds: string;
  readonly role: string;
  readonly account: string;
  readonly subject: string;
  readonly expires_in: number;
  readonly servers: string[];
}

export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

/** A service needs only one HTTP call. */
export async function exchange(stsUrl: string, token: string): Promise<Credential | Problem> {
  const response = await fetch(`${stsUrl}/exchange`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  return (await response.json()) as Credential | Problem;
}

/** Runs the nats-sts command line, and returns its exit code and output. */
export async function natsSts(
  terminal: Terminal,
  ...args: readonly string[]
): Promise<{ readonly exitCode: number; readonly output: string }> {
  let output = '';
  const write = (text: string) => {
    output += text;
  };
  const columns = terminal.columns === undefined ? undefined : terminal.columns - 6;
  const captured: Terminal = { out: write, err: write, columns, colours: terminal.colours };
  const exitCode = await program(['node', 'nats-sts', ...args], captured);
  return { exitCode, output };
}
