import { type ChildProcess, spawn } from 'node:child_process';

/** Opens a page: with the program in `BROWSER`, else as the desktop does. Resolves to whether a program was started. */
export async function openBrowser(url: URL, env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    const child = await started(url, env['BROWSER']?.trim());
    child.unref();
    return true;
  } catch {
    return false;
  }
}

/** `BROWSER` may have arguments; `%s` stands for the address, which is last otherwise. No shell reads it. */
async function started(url: URL, browser: string | undefined): Promise<ChildProcess> {
  if (!browser) {
    const { default: open } = await import('open');
    const child = await open(url.href);
    // What goes wrong later (no desktop) is seen by whoever waits for a window: the address is printed.
    child.on('error', () => undefined);
    return child;
  }
  const [program = '', ...options] = browser.split(/\s+/);
  const args = options.includes('%s')
    ? options.map((option) => (option === '%s' ? url.href : option))
    : [...options, url.href];
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child));
    child.once('error', reject);
  });
}
