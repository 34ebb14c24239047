import type { Command } from 'commander';
import type { z } from 'zod';
import {
  KEYS,
  type KeysAnswer,
  REVOCATION,
  type RevocationAnswer,
  REVOCATIONS,
  type RevocationsAnswer,
  type RevocationTarget,
  REVOKED_KEY,
  type RevokedKeyAnswer,
  ROTATION,
  type RotationAnswer,
} from './admin-answers.ts';
import { callService, notOurs, type ServiceRequest } from './service-call.ts';
import type { Terminal } from './terminal.ts';
import { readToken, tokenOptions, type TokenOptions } from './token-option.ts';
import { urlOption, warnIfUnencrypted } from './url-option.ts';

/** Options that every command has which asks the admin routes. */
export interface AdminOptions extends TokenOptions {
  readonly url: URL;
}

export interface RevocationAsk {
  readonly target: RevocationTarget;
  readonly reason: string;
  readonly block: boolean;
}

/** The admin routes of one service. All throw CliError: it said no, or could not be asked. */
export interface AdminClient {
  keys(): Promise<KeysAnswer>;
  /** Everything, or the keys of one account, of one role. */
  rotate(which: { readonly account?: string; readonly role?: string }): Promise<RotationAnswer>;
  revokeKey(publicKey: string, reason: string): Promise<RevokedKeyAnswer>;
  revocations(): Promise<RevocationsAnswer>;
  revoke(ask: RevocationAsk): Promise<RevocationAnswer>;
  /** What `revoke` would do. */
  dryRun(ask: RevocationAsk): Promise<RevocationAnswer>;
  lift(id: string): Promise<void>;
}

export function adminOptions(command: Command): Command {
  return tokenOptions(command.addOption(urlOption()));
}

const WHEN_DENIED = 'Whose tokens may do this is said in `admin` of its configuration.';
const WHEN_REUSED =
  'Whoever is asked, or waits, needs several calls: give --yes, and keys in full, to make one.';

/** Reads the token once, also where several calls follow. */
export async function adminClient(terminal: Terminal, options: AdminOptions): Promise<AdminClient> {
  const token = await readToken(options);
  const base = new URL('admin/', options.url);
  warnIfUnencrypted(terminal, base);

  async function call<T>(
    [method, path]: readonly [ServiceRequest['method'], string],
    schema: z.ZodType<T> | undefined,
    body?: object,
  ): Promise<T> {
    const url = new URL(path, base);
    const { status, said } = await callService({
      url,
      method,
      token,
      whenDenied: WHEN_DENIED,
      whenReused: WHEN_REUSED,
      ...(body && { body }),
    });
    if (schema === undefined) return undefined as T;
    const read = schema.safeParse(said);
    if (!read.success) throw notOurs(url, status);
    return read.data;
  }

  const postRevocation = ({ target, reason, block }: RevocationAsk, dryRun: boolean) =>
    call(['POST', 'revocations'], REVOCATION, { ...target, reason, block, dry_run: dryRun });

  return {
    keys: () => call(['GET', 'keys'], KEYS),
    rotate: (which) => call(['POST', 'keys/rotate'], ROTATION, which),
    revokeKey: (publicKey, reason) =>
      call(['POST', `keys/${encodeURIComponent(publicKey)}/revoke`], REVOKED_KEY, { reason }),
    revocations: () => call(['GET', 'revocations'], REVOCATIONS),
    revoke: (ask) => postRevocation(ask, false),
    dryRun: (ask) => postRevocation(ask, true),
    lift: (id) => call(['DELETE', `revocations/${encodeURIComponent(id)}`], undefined),
  };
}
