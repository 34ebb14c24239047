import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { CliError, ExitCode } from '../exit-codes.ts';
import { writePrivately } from '../private-file.ts';
import type { Paths } from './paths.ts';

/** The part of a nats context that we write. */
export interface NatsContext {
  readonly description: string;
  /** NATS URLs; empty: keeps those in the context. */
  readonly servers: readonly string[];
  /** Undefined: keeps the person's own prefix, but removes one that we wrote. */
  readonly inboxPrefix: string | undefined;
  readonly inboxPrefixBefore: string | undefined;
}

/** All fields that `nats context add` writes, in its order. It would accept fewer, but people compare files. */
const EMPTY = {
  description: '',
  url: '',
  socks_proxy: '',
  token: '',
  user: '',
  password: '',
  creds: '',
  nkey: '',
  cert: '',
  key: '',
  ca: '',
  nsc: '',
  jetstream_domain: '',
  jetstream_api_prefix: '',
  jetstream_event_prefix: '',
  inbox_prefix: '',
  user_jwt: '',
  user_seed: '',
  color_scheme: '',
  tls_first: false,
  windows_cert_store: '',
  windows_cert_match_by: '',
  windows_cert_match: '',
  windows_ca_certs_match: null,
};

const CONTEXT = z.looseObject({ creds: z.string().default('') });

/** `free`: none exists; `ours`: it uses the creds file that we write under this name; `foreign`: any other. */
export type ContextState = 'free' | 'ours' | 'foreign';

export function contextState(paths: Paths, name: string): ContextState {
  const text = textOf(paths.context(name));
  if (text === undefined) return 'free';
  return parse(text)?.creds === paths.creds(name) ? 'ours' : 'foreign';
}

/** Writes a context as the nats command line does. Keeps what the person added to one of ours (a CA, a JetStream domain). */
export function writeContext(
  paths: Paths,
  name: string,
  { description, servers, inboxPrefix, inboxPrefixBefore }: NatsContext,
): void {
  const ours = contextState(paths, name) === 'ours';
  const before = ours ? parse(textOf(paths.context(name)) ?? '') : undefined;
  const isOurs = inboxPrefixBefore !== undefined && before?.['inbox_prefix'] === inboxPrefixBefore;
  const context = {
    ...EMPTY,
    ...before,
    description,
    creds: paths.creds(name),
    ...(servers.length > 0 && { url: servers.join(',') }),
    ...(inboxPrefix !== undefined && { inbox_prefix: inboxPrefix }),
    ...(inboxPrefix === undefined && isOurs && { inbox_prefix: '' }),
  };
  try {
    mkdirSync(paths.contextDirectory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const { message } = cause as Error;
    throw new CliError(ExitCode.failed, `cannot use ${paths.contextDirectory}: ${message}`);
  }
  writePrivately(paths.context(name), JSON.stringify(context, undefined, 2));
}

/** The name of the context that `nats` uses by default. */
export function selectedContext(paths: Paths): string | undefined {
  return textOf(paths.selected)?.trim() || undefined;
}

/** Makes it the default of `nats`; `nats context previous` goes back. */
export function selectContext(paths: Paths, name: string): void {
  const before = selectedContext(paths);
  if (before === name) return;
  if (before) writePrivately(paths.previous, before);
  writePrivately(paths.selected, name);
}

/** Selects an earlier context again if it still exists. Returns whether it did. */
export function restoreContext(paths: Paths, name: string): boolean {
  if (basename(name) !== name || contextState(paths, name) === 'free') return false;
  selectContext(paths, name);
  if (textOf(paths.previous)?.trim() === name) rmSync(paths.previous, { force: true });
  return true;
}

/** Removes a context if it is ours; selects nothing in its place. */
export function removeContext(paths: Paths, name: string): boolean {
  if (contextState(paths, name) !== 'ours') return false;
  rmSync(paths.context(name), { force: true });
  for (const file of [paths.selected, paths.previous]) {
    if (textOf(file)?.trim() === name) rmSync(file, { force: true });
  }
  return true;
}

function parse(text: string): z.infer<typeof CONTEXT> | undefined {
  try {
    return CONTEXT.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new CliError(ExitCode.failed, `cannot read ${file}: ${message}`, { cause });
  }
}
