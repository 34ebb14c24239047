import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { defaultSearch } from '../../scripts/nats-server.ts';

const run = promisify(execFile);

type Tool = { path: string } | { missing: string };

/**
 * Path of the `nats` command line (github.com/nats-io/natscli): on the PATH, where Go puts it, or
 * installed by Go into our cache. Otherwise why there is none.
 */
export function findNatsCli(): Promise<Tool> {
  return find('nats', 'natscli', (folder) =>
    go(['install', 'github.com/nats-io/natscli/nats@latest'], { GOBIN: folder }),
  );
}

const NSC = 'github.com/nats-io/nsc/v2';
const NSC_VERSION = 'v2.15.0';

/** The same for `nsc`. It is built as a dependency: that needs no list of its versions. */
export function findNsc(): Promise<Tool> {
  return find('nsc', 'nsc', async (folder) => {
    const module = await mkdtemp(join(tmpdir(), 'nats-sts-nsc-'));
    try {
      await writeFile(join(module, 'go.mod'), `module tools\n\nrequire ${NSC} ${NSC_VERSION}\n`);
      await writeFile(join(module, 'tools.go'), `package tools\n\nimport _ "${NSC}"\n`);
      return await go(['build', '-C', module, '-mod=mod', '-o', join(folder, 'nsc'), NSC]);
    } finally {
      await rm(module, { recursive: true, force: true });
    }
  });
}

async function find(
  name: string,
  cacheName: string,
  install: (folder: string) => Promise<unknown>,
): Promise<Tool> {
  const cache = join(defaultSearch().cacheFolder, cacheName);
  const goPath = await go(['env', 'GOPATH']);
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...(goPath === undefined ? [] : [join(goPath, 'bin')]),
    cache,
  ];
  for (const folder of folders) {
    if (await isExecutable(join(folder, name))) return { path: join(folder, name) };
  }
  if (goPath === undefined) {
    return { missing: `no ${name} command line here, and no go to install it` };
  }
  await mkdir(cache, { recursive: true });
  await install(cache);
  return (await isExecutable(join(cache, name)))
    ? { path: join(cache, name) }
    : { missing: `no ${name} command line here, and go could not install it` };
}

/** Compiling takes minutes on a slow machine. */
const GO_MILLISECONDS = 280_000;

async function go(args: string[], env: Record<string, string> = {}): Promise<string | undefined> {
  try {
    const { stdout } = await run('go', args, {
      env: { ...process.env, ...env },
      timeout: GO_MILLISECONDS,
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
    // natscli goes by the user's entry in passwd, not by HOME, where its data directory is not named.
    const data = { XDG_DATA_HOME: join(home, 'data') };
    const env = { PATH: process.env['PATH'], HOME: home, XDG_CONFIG_HOME: home, ...data };
    const { stdout, stderr } = await run(path, [...args], { env, timeout: 120_000 });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: number; stdout: string; stderr: string };
    return { code: typeof code === 'number' ? code : -1, output: stdout + stderr };
  }
}
