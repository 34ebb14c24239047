import { Command } from 'commander';
import { keysListCommand } from './keys/list.ts';
import { keysRevokeCommand } from './keys/revoke.ts';
import { keysRotateCommand } from './keys/rotate.ts';
import type { Terminal } from './terminal.ts';

/** `nats-sts keys`: the signing keys of a running service. */
export function keysCommand(terminal: Terminal): Command {
  return new Command('keys')
    .addHelpText('after', EXAMPLES)
    .addCommand(keysListCommand(terminal))
    .addCommand(keysRotateCommand(terminal))
    .addCommand(keysRevokeCommand(terminal));
}

const EXAMPLES = `
You need the token of an administrator: an identity that \`admin\` in the configuration of the service names.

Examples:
  nats-sts keys list --url https://sts.example.com --token-file token
  nats-sts keys rotate --account APP --wait
  nats-sts keys revoke AAQ6QJFB…43L4 --reason "seed in a public repository"`;
