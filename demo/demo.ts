import { parseArgs } from 'node:util';
import { processTerminal, type Terminal } from '../src/cli/terminal.ts';
import { createNarrator, type Narrator } from './narrator.ts';
import { story } from './story.ts';
import { tryNext } from './try-next.ts';
import { watch } from './watch.ts';
import { startWorld, type World, type WorldOptions } from './world.ts';

const USAGE = `Usage: npm run demo [-- --once]

Starts a NATS server, an identity provider and nats-sts, and shows how a token becomes a NATS credential.
Then it keeps running for you to try out, until Ctrl-C.

  --once  check every step and exit, with 0 on success
`;

export interface DemoOptions extends WorldOptions {
  readonly terminal: Terminal;
  readonly once: boolean;
  /** Ends the demo at any point. */
  readonly interrupted: AbortSignal;
}

/** Resolves to the exit code. */
export async function demo(options: DemoOptions): Promise<number> {
  const { terminal, once, interrupted } = options;
  const narrator = createNarrator(terminal);
  const stop = aborted(interrupted);
  try {
    narrator.title('nats-sts: an OIDC token goes in, a short-lived NATS credential comes out\n');
    await using world = await startWorld(options);
    narrator.facts({
      provider: world.provider.issuer,
      'nats-sts': world.stsUrl,
      NATS: world.natsUrl,
      files: world.folder,
    });
    await Promise.race([story(world, narrator, terminal), stop]);
    if (once || interrupted.aborted) return interrupted.aborted ? 130 : 0;
    await stayUp(world, narrator, stop);
    return 0;
  } catch (error) {
    terminal.err(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function stayUp(world: World, narrator: Narrator, stop: Promise<void>): Promise<void> {
  // Otherwise the frequent rotations would soon bury what the reader does.
  await Promise.race([world.calmDown(), stop]);
  tryNext(narrator, world);
  narrator.title('\nEverything stays up until you press Ctrl-C, which removes all of it.');
  narrator.say(
    'Sign-ins, credentials and revocations appear below as they happen. Open the page at:',
  );
  narrator.link(world.stsUrl);
  using _watch = watch(world, narrator);
  await stop;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function main(): Promise<number> {
  const terminal = processTerminal();
  const options = { once: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
  const interrupt = new AbortController();
  try {
    const { values } = parseArgs({ options });
    if (values.help) {
      terminal.out(USAGE);
      return 0;
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => interrupt.abort());
    }
    const { once = false } = values;
    return await demo({ terminal, once, interrupted: interrupt.signal });
  } catch (error) {
    terminal.err(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
}

if (import.meta.main) process.exitCode = await main();
