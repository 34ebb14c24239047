import { execFile } from 'node:child_process';
import { access, constants, mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { defaultSearch } from '../../scripts/nats-server.ts';

const run = promisify(execFile);

/**
 * Path of the `nats` command line (github.com/nats-io/natscli): on the PATH, where Go puts it, or
 * installed by Go into our cache. Otherwise why there is none.
 */
export async function findNatsCli(): Promise<{ path: string } | { missing: string }> {
  const cache = join(defaultSearch().cacheFolder, 'natscli');
  const goPath = await go(['env', 'GOPATH']);
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...(goPath === undefined ? [] : [join(goPath, 'bin')]),
    cache,
  ];
  for (const folder of folders) {
    if (await isExecutable(join(folder, 'nats'))) return { path: join(folder, 'nats') };
  }
  if (goPath === undefined)
    return { missing: 'no nats command line here, and no go to install it' };
  await mkdir(cache, { recursive: true });
  await go(['install', 'github.com/nats-io/natscli/nats@latest'], { GOBIN: cache });
  return (await isExecutable(join(cache, 'nats')))
    ? { path: join(cache, 'nats') }
    : { missing: 'no nats command line here, and go could not install it' };
}

async function go(args: string[], env: Record<string, string> = {}): Promise<string | undefined> {
  try {
    const { stdout } = await run('go', args, {
      env: { ...process.env, ...env },
      timeout: 50_000,
    });
    return stdout.trim();
  } catch {
    return undefined;
  }
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** What a run of it printed and how it ended; a context of the user's own is not looked at. */
export async function runNats(
  path: string,
  args: readonly string[],
  home: string,
): Promise<{ code: number; output: string }> {
  try {
    const env = { PATH: process.env['PATH'], HOME: home, XDG_CONFIG_HOME: home };
    const { stdout, stderr } = await run(path, [...args], { env, timeout: 20_000 });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: number; stdout: string; stderr: string };
    return { code: typeof code === 'number' ? code : -1, output: stdout + stderr };
  }
}
