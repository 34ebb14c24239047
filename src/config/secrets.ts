import type { Files } from './files.ts';
import type { Findings } from './findings.ts';

const SECRETS = [
  /^accounts\..+\.signingKeys\[\d+\](?:\.seed)?$/,
  /^issuers\..+\.login\.(?:clientSecret|privateKey)$/,
  /^nats\.operatorSigningKey$/,
  /^callout\.(?:issuer|connect\.(?:creds|nkey|password))$/,
  /^callout\.xkey(?:\[\d+\])?$/,
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
export function warnIfShared(
  file: string,
  path: string,
  { files, findings }: { readonly files: Files; readonly findings: Findings },
): void {
  if (!files.isShared(file)) return;
  findings.warn(
    'secret-file-shared',
    path,
    `the file ${file} contains a secret, and other users may access it: chmod 600 ${file}`,
  );
}
