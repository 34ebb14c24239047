import { Command } from 'commander';
import type { Terminal } from './terminal.ts';

interface Listed {
  readonly description: string;
  /** What follows the name in --help; `[options]` by default. */
  readonly takes?: string;
  readonly load: (terminal: Terminal) => Promise<Command>;
}

/** Every command, in the order of --help. Each loads what does its work when it is called, not before. */
const COMMANDS: Readonly<Record<string, Listed>> = {
  serve: {
    description: 'run the service',
    load: async () => (await import('./serve.ts')).serveCommand(),
  },
  rotator: {
    description: 'rotate signing keys and carry out revocations, in a process separate from serve',
    load: async () => (await import('./rotator.ts')).rotatorCommand(),
  },
  init: {
    description: 'write keys, JWTs and configuration for a first NATS server and nats-sts',
    load: async (terminal) => (await import('./init.ts')).initCommand(terminal),
  },
  adopt: {
    description: 'let nats-sts manage an account that you created with nsc or nats auth',
    load: async (terminal) => (await import('./adopt.ts')).adoptCommand(terminal),
  },
  check: {
    description: 'validate the configuration, and warn about pitfalls',
    load: async (terminal) => (await import('./check.ts')).checkCommand(terminal),
  },
  doctor: {
    description: 'test everything that the configuration names (check --online)',
    load: async (terminal) => (await import('./check.ts')).doctorCommand(terminal),
  },
  explain: {
    description: 'show what the policy decides about a token, binding by binding',
    load: async (terminal) => (await import('./explain.ts')).explainCommand(terminal),
  },
  test: {
    description: 'test the policy with golden cases (claims → role, or denial)',
    takes: '[options] <files...>',
    load: async (terminal) => (await import('./test.ts')).testCommand(terminal),
  },
  audit: {
    description:
      'show the audit log: what was issued, denied, rejected, revoked and rotated, and who signed in',
    load: async (terminal) => (await import('./audit.ts')).auditCommand(terminal),
  },
  exchange: {
    description: 'exchange a token for a .creds file',
    load: async (terminal) => (await import('./exchange.ts')).exchangeCommand(terminal),
  },
  login: {
    description: 'sign in as a person and get a nats context that works',
    load: async (terminal) => (await import('./login.ts')).loginCommand(terminal),
  },
  whoami: {
    description: 'show who is signed in, their roles and their credentials',
    load: async (terminal) => (await import('./whoami.ts')).whoamiCommand(terminal),
  },
  logout: {
    description: 'sign out: end the sessions at the service and remove the credentials here',
    load: async (terminal) => (await import('./logout.ts')).logoutCommand(terminal),
  },
  keys: {
    description: 'show, rotate or revoke signing keys',
    takes: '',
    load: async (terminal) => (await import('./keys.ts')).keysCommand(terminal),
  },
  revoke: {
    description: 'revoke the credentials of an identity, a user, a role or a binding',
    load: async (terminal) => (await import('./revoke.ts')).revokeCommand(terminal),
  },
  revocations: {
    description: 'list or lift revocations',
    takes: '',
    load: async (terminal) => (await import('./revocations.ts')).revocationsCommand(terminal),
  },
  health: {
    description: 'check that the service on this machine is alive',
    load: async (terminal) => (await import('./health.ts')).healthCommand(terminal),
  },
};

/** All commands: the one that `args` names is loaded, the others are only what --help says of them. */
export function commandsFor(args: readonly string[], terminal: Terminal): Promise<Command[]> {
  const words = args.filter((word) => !word.startsWith('-'));
  const named = words[0] === 'help' ? words[1] : words[0];
  return Promise.all(
    Object.entries(COMMANDS).map(async ([name, { load, description }]) => {
      const command = name === named ? await load(terminal) : new Command(name);
      return command.description(description);
    }),
  );
}

/** A command as --help of `nats-sts` lists it. */
export function commandTerm(command: Command): string {
  const { takes = '[options]' } = COMMANDS[command.name()] ?? { takes: '[command]' };
  return `${command.name()} ${takes}`.trimEnd();
}
