import { statSync } from 'node:fs';
import type { Findings } from './findings.ts';

const SECRETS = [
  /^accounts\..+\.signingKeys\[\d+\](?:\.seed)?$/,
  /^issuers\..+\.login\.(?:clientSecret|privateKey)$/,
  /^nats\.operatorSigningKey$/,
  /^sealingKey(?:\[\d+\])?$/,
  /^listen\.tls\.key$/,
  /^(?:nats\.system|store\.jetstream)\.creds$/,
];

/** Whether the value at this dotted path is a secret. */
export function isSecretPath(path: string): boolean {
  return SECRETS.some((secret) => secret.test(path));
}

/** `secret-inline`: the secret at `valueAt` stands in the file itself; the warning stands at `path`. */
export function warnInline(
  valueAt: string,
  { origins, findings }: { origins: ReadonlyMap<string, unknown>; findings: Findings },
  path: string = valueAt,
): void {
  if (origins.has(valueAt)) return;
  findings.warn(
    'secret-inline',
    path,
    'holds a secret in the configuration file itself: write {file: path} or {env: NAME}',
  );
}

/** `secret-file-shared`: the file is there, and not for this user alone. */
export function warnIfShared(file: string, path: string, { warn }: Findings): void {
  // Windows has no such mode bits: Node reports them as set for everyone.
  if (process.platform === 'win32' || (statSync(file).mode & 0o077) === 0) return;
  warn(
    'secret-file-shared',
    path,
    `the file ${file} holds a secret and other users may read it: chmod 600 it`,
  );
}
