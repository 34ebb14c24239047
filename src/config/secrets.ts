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

/** `secret-inline`: warns at `path` if the secret at `valueAt` is in the configuration file itself. */
export function warnInline(
  valueAt: string,
  { origins, findings }: { origins: ReadonlyMap<string, unknown>; findings: Findings },
  path: string = valueAt,
): void {
  if (origins.has(valueAt)) return;
  findings.warn(
    'secret-inline',
    path,
    'is a secret in the configuration file itself: write {file: path} or {env: NAME}',
  );
}

/** `secret-file-shared`: warns if other users may access the file. */
export function warnIfShared(file: string, path: string, { warn }: Findings): void {
  // Windows has no mode bits: Node reports them as set for everyone.
  if (process.platform === 'win32' || (statSync(file).mode & 0o077) === 0) return;
  warn(
    'secret-file-shared',
    path,
    `the file ${file} contains a secret, and other users may access it: chmod 600 ${file}`,
  );
}
