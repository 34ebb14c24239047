import { dirname, resolve } from 'node:path';
import { InvalidInput, type Problem } from '../errors.ts';
import { readAccounts } from './accounts.ts';
import { readBranding } from './branding.ts';
import { readCallout } from './callout.ts';
import type { Config } from './config.ts';
import { checkReferences } from './cross-references.ts';
import { readDocument, type SourceDocument } from './document.ts';
import { createFiles, type Files, type FileVersions } from './files.ts';
import { createFindings, type Findings } from './findings.ts';
import { warnInline } from './secrets.ts';
import { derivedUrl, readListen } from './listen.ts';
import { readLogins } from './logins.ts';
import { readNats } from './nats.ts';
import { child } from './path.ts';
import { readAdmin, readPolicy } from './policy.ts';
import { credsFileAt, type LoadContext } from './load-context.ts';
import { type Resolved, resolveReferences } from './references.ts';
import { readSettings, type Settings } from './settings.ts';
import { claimTypesThatExcludeNobody } from './warnings/claim-types.ts';
import { findPitfalls } from './warnings/index.ts';

export interface LoadOptions {
  /** Where `{env: NAME}` is looked up, e.g. `process.env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where files are read; by default, on disk. */
  readonly files?: Files;
}

/** A configuration that cannot be used. A change to one of its files may fix it. */
export class InvalidConfig extends InvalidInput {
  /** Every file that it names, including missing ones, in the state they were in. */
  readonly files: FileVersions;

  constructor(source: string, problems: readonly Problem[], files: FileVersions) {
    super(source, problems);
    this.files = files;
  }
}

/**
 * Reads a configuration file and all that it refers to, and checks it whole.
 *
 * Throws only `InvalidConfig`, whatever the file contains, with every problem at once in the order of the
 * file. Does no network I/O. No message contains the value of a secret.
 */
export function loadConfig(file: string, { env, files = createFiles() }: LoadOptions): Config {
  const path = resolve(file);
  const invalid = (problems: readonly Problem[]) =>
    new InvalidConfig(file, problems, files.versions);
  const text = files.text(path);
  if (typeof text !== 'string') throw invalid([{ path: '', message: text.reason }]);

  const findings = createFindings();
  const document = readDocument(text);
  if (!document.usable) throw invalid(inOrder(document, findings.problems));

  const directory = dirname(path);
  const resolved = resolveReferences(document.value, { directory, env, files, findings });
  const settings = readSettings(resolved.value, findings);
  const config = settings && assemble(settings, { path, directory, resolved, files, findings });
  const problems = inOrder(document, findings.problems);
  if (problems.length > 0 || !config) throw invalid(problems);
  return { ...config, warnings: withLines(document, findings.warnings) };
}

/** Every stage runs on what the one before could read, so that no mistake hides another. */
function assemble(
  settings: Settings,
  at: { path: string; directory: string; resolved: Resolved; files: Files; findings: Findings },
): Omit<Config, 'warnings'> {
  const { path, directory, resolved, files, findings } = at;
  const { origins } = resolved;
  const context = { directory, origins, files, findings };
  const listen = readListen(settings, context);
  const nats = readNats(settings, context);
  const store = readStore(settings, context);
  const accounts = readAccounts(settings, context);
  const callout = readCallout(settings, accounts, context);
  const sealingKeys = readSealingKeys(settings, context);
  const { admin, administrators } = readAdmin(settings, findings);
  const publicUrl = settings.publicUrl ?? derivedUrl(listen);
  const logins = readLogins(settings, publicUrl, context);
  const { branding, files: logo } = readBranding(settings, context);
  const { roles, bindings, policy } = readPolicy(settings, findings);
  checkReferences(settings, findings);
  for (const { path, message } of claimTypesThatExcludeNobody(settings, policy)) {
    findings.problem(path, message);
  }
  findPitfalls(settings, policy, findings);
  return {
    file: path,
    files: versionsAmong(files, [path, ...resolved.files, ...logo]),
    listen,
    publicUrl,
    nats,
    accounts,
    ...(callout && { callout }),
    store,
    sealingKeys,
    rotator: { leaseSeconds: settings.rotator.lease },
    admin,
    administrators,
    audit: { survive: settings.audit.survive, retentionSeconds: settings.audit.retention },
    issuers: [...settings.issuers.entries].map(([name, { spec }]) => ({ name, ...spec })),
    logins,
    branding,
    roles,
    bindings,
    policy,
    rateLimit: rateLimitOf(settings),
    limits: limitsOf(settings),
    workers: settings.workers,
    ...(settings.contact !== undefined && { contact: settings.contact }),
  };
}

function versionsAmong({ versions }: Files, read: readonly string[]): FileVersions {
  return new Map([...versions].filter(([file]) => read.includes(file)));
}

/** The schema has read the keys. */
function readSealingKeys({ sealingKey = [] }: Settings, context: LoadContext): readonly Buffer[] {
  for (const index of sealingKey.keys()) {
    const inList = child('sealingKey', index);
    const at = sealingKey.length > 1 || context.origins.has(inList) ? inList : 'sealingKey';
    warnInline(at, context);
  }
  return sealingKey;
}

function rateLimitOf({ rateLimit }: Settings): Config['rateLimit'] {
  const { enabled, perAddress, perIdentity } = rateLimit;
  return {
    enabled,
    perAddress: { max: perAddress.max, everySeconds: perAddress.every },
    perIdentity: { max: perIdentity.max, everySeconds: perIdentity.every },
  };
}

function limitsOf({ limits }: Settings): Config['limits'] {
  return {
    bodyBytes: limits.body,
    tokenBytes: limits.token,
    concurrentRequests: limits.concurrency,
    requestSeconds: limits.request,
    stopDelaySeconds: limits.stopDelay,
    drainSeconds: limits.drain,
  };
}

function inOrder(document: SourceDocument, found: readonly Problem[]): Problem[] {
  const all = [...document.problems, ...withLines(document, found)];
  return all.sort((one, other) => (one.line ?? 0) - (other.line ?? 0));
}

function withLines<T extends Problem>(document: SourceDocument, found: readonly T[]): T[] {
  return found.map((problem) => {
    const line = problem.line ?? document.lineOf(problem.path);
    return line === undefined ? problem : { ...problem, line };
  });
}

function readStore({ store, nats }: Settings, context: LoadContext): Config['store'] {
  const sqliteFile = resolve(context.directory, store.sqlite ?? './data/sts.db');
  if (!store.jetstream) return { sqliteFile };
  const { bucket, servers, creds, replicas } = store.jetstream;
  return {
    sqliteFile,
    jetstream: {
      bucket,
      servers: servers ?? nats.servers,
      replicas,
      ...(creds !== undefined && {
        credsFile: credsFileAt(creds, 'store.jetstream.creds', context),
      }),
    },
  };
}
