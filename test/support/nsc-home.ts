import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parseOperatorJwt } from '../../src/nats/operator-jwt.ts';
import { Malformed } from '../../src/nats/malformed.ts';
import { findNatsCli, findNsc } from './nats-cli.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';

const run = promisify(execFile);

/** A home directory with a store of nsc, which nats auth uses too; removed with its servers. */
export interface NscHome extends AsyncDisposable {
  readonly path: string;
  /** What `--nsc` names. */
  readonly nsc: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs lines of shell, with nsc and nats on the PATH, in this directory or the home; answers what was printed. */
  sh(lines: string, directory?: string): Promise<string>;
  /** A file of the store or key store, by its path in there. */
  at(path: string): string;
  /** Every file of the store and the key store, with its content. */
  snapshot(): Promise<ReadonlyMap<string, string>>;
  /** A server that trusts this operator and knows its system account, with a resolver of type full. */
  serve(operator: string, system: string, port?: number): Promise<NatsServer>;
}

/** What keeps tests of both tools from running; undefined where both are there. */
export async function missingTools(): Promise<string | undefined> {
  const tools = await Promise.all([findNsc(), findNatsCli()]);
  return tools.flatMap((tool) => ('missing' in tool ? tool.missing : [])).join('; ') || undefined;
}

export async function createNscHome(): Promise<NscHome> {
  const stack = new AsyncDisposableStack();
  const path = await mkdtemp(join(tmpdir(), 'nats-sts-nsc-home-'));
  stack.defer(() => rm(path, { recursive: true, force: true }));
  const tools = (await Promise.all([findNsc(), findNatsCli()])).flatMap((tool) =>
    'path' in tool ? dirname(tool.path) : [],
  );
  const env = {
    PATH: [...tools, process.env['PATH']].join(delimiter),
    HOME: path,
    XDG_DATA_HOME: join(path, 'data'),
    XDG_CONFIG_HOME: join(path, 'config'),
    NSC_NO_GITHUB_UPDATES: 'true',
    NO_COLOR: '1',
  };
  const nsc = join(path, 'data', 'nats', 'nsc');
  const at = (name: string) => join(nsc, name);
  return {
    path,
    nsc,
    env,
    at,
    async sh(lines, directory = path) {
      const script = `set -euo pipefail\n${lines}`;
      try {
        const { stdout, stderr } = await run('bash', ['-c', script], {
          cwd: directory,
          env,
          timeout: 240_000,
        });
        return stdout + stderr;
      } catch (fault) {
        const { stdout = '', stderr = '' } = fault as { stdout?: string; stderr?: string };
        throw new Error(`${lines}\n${stdout}${stderr}`, { cause: fault });
      }
    },
    async snapshot() {
      const entries = await readdir(nsc, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      return new Map(
        await Promise.all(
          files.map(async ({ parentPath, name }) => {
            const file = join(parentPath, name);
            return [file, await readFile(file, 'utf8')] as const;
          }),
        ),
      );
    },
    async serve(operator, system, port) {
      const directory = at(`stores/${operator}`);
      const trusted = parseOperatorJwt(await readFile(join(directory, `${operator}.jwt`), 'utf8'));
      if (trusted instanceof Malformed) throw new Error(trusted.problem);
      const account = await readFile(join(directory, 'accounts', system, `${system}.jwt`), 'utf8');
      const config = [
        `operator: ${trusted.jwt}`,
        `system_account: ${trusted.systemAccount}`,
        'resolver: { type: full, dir: "{{folder}}/jwt", allow_delete: true, interval: "2m" }',
        `resolver_preload: { ${trusted.systemAccount}: ${account.trim()} }`,
      ].join('\n');
      return stack.use(await startNatsServer({ config, ...(port !== undefined && { port }) }));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
