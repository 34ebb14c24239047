import type { Command } from 'commander';
import type { z } from 'zod';
import type { Sent } from '../admin-api/fields.ts';
import {
  type KeysAnswer,
  keysAnswer,
  type RevokeKeyAnswer,
  revokeKeyAnswer,
  type RevokeKeyBody,
  type RotateAnswer,
  rotateAnswer,
  type RotateBody,
} from '../admin-api/keys.ts';
import {
  type RevocationsAnswer,
  revocationsAnswer,
  type RevocationTarget,
  type RevokeAnswer,
  revokeAnswer,
  type RevokeBody,
} from '../admin-api/revocations.ts';
import { callService, notOurs, type ServiceRequest } from './service-call.ts';
import type { Terminal } from './terminal.ts';
import { readToken, tokenOptions, type TokenOptions } from './token-option.ts';
import { urlOption, warnIfUnencrypted } from './url-option.ts';

/** Options of every command that calls the admin routes. */
export interface AdminOptions extends TokenOptions {
  readonly url: URL;
}

export interface RevocationAsk extends Pick<RevokeBody, 'reason'> {
  readonly target: RevocationTarget;
  readonly block: boolean;
}

/** The admin routes of one service. All throw CliError if it refuses or cannot be reached. */
export interface AdminClient {
  keys(): Promise<KeysAnswer>;
  /** Rotates all keys, or those of one account or one role. */
  rotate(which: RotateBody): Promise<RotateAnswer>;
  revokeKey(publicKey: string, body: RevokeKeyBody): Promise<RevokeKeyAnswer>;
  revocations(): Promise<RevocationsAnswer>;
  revoke(ask: RevocationAsk): Promise<RevokeAnswer>;
  /** What `revoke` would do. */
  dryRun(ask: RevocationAsk): Promise<RevokeAnswer>;
  lift(id: string): Promise<void>;
}

export function adminOptions(command: Command): Command {
  return tokenOptions(command.addOption(urlOption()), "an administrator's token");
}

const WHEN_DENIED = '`admin` in the configuration of the service says who may do this.';
const WHEN_REUSED =
  'Confirming and waiting need several calls. To make only one, use --yes, and give keys in full.';

/** Reads the token once, even if several calls follow. */
export async function adminClient(terminal: Terminal, options: AdminOptions): Promise<AdminClient> {
  const token = await readToken(options);
  const base = new URL('admin/', options.url);
  warnIfUnencrypted(terminal, base);

  /** Fields that a newer service adds stay in the answer, for --json. */
  async function call<Schema extends z.ZodType>(
    [method, path]: readonly [ServiceRequest['method'], string],
    schema: Schema,
    body?: object,
  ): Promise<Sent<Schema>> {
    const { url, status, said } = await send(method, path, body);
    if (!schema.safeParse(said).success) throw notOurs(url, status);
    return said as Sent<Schema>;
  }

  async function send(method: ServiceRequest['method'], path: string, body?: object) {
    const url = new URL(path, base);
    const answer = await callService({
      url,
      method,
      token,
      whenDenied: WHEN_DENIED,
      whenReused: WHEN_REUSED,
      ...(body && { body }),
    });
    return { url, ...answer };
  }

  function postRevocation({ target, reason, block }: RevocationAsk, dryRun: boolean) {
    const body: RevokeBody = { ...target, reason, block, dry_run: dryRun };
    return call(['POST', 'revocations'], revokeAnswer, body);
  }

  return {
    keys: () => call(['GET', 'keys'], keysAnswer),
    rotate: (which) => call(['POST', 'keys/rotate'], rotateAnswer, which),
    revokeKey: (publicKey, body) =>
      call(['POST', `keys/${encodeURIComponent(publicKey)}/revoke`], revokeKeyAnswer, body),
    revocations: () => call(['GET', 'revocations'], revocationsAnswer),
    revoke: (ask) => postRevocation(ask, false),
    dryRun: (ask) => postRevocation(ask, true),
    lift: async (id) => {
      await send('DELETE', `revocations/${encodeURIComponent(id)}`);
    },
  };
}
