import { randomBytes } from 'node:crypto';
import type { KeyPair } from '@nats-io/nkeys';
import type { Managing } from './sts-yaml.ts';
import { seedText } from './trust.ts';

export interface NewFile {
  /** Relative to the directory that all files are written to. */
  readonly path: string;
  readonly content: string;
  /** Readable by this user only (0600), in a directory that is, too (0700). */
  readonly secret: boolean;
}

export interface PlannedFile extends NewFile {
  /** What the file is for, in words. */
  readonly about: string;
}

const KEYS = 'keys';
export const OPERATOR_SIGNING_KEY = 'operator-signing.nk';
export const SYSTEM_CREDS = 'sts-system.creds';
const SEALING_KEY = 'sealing.key';

/** Path of a secret file, relative to the configuration. */
export function fromConfig(name: string): string {
  return `./${KEYS}/${name}`;
}

/** Files of a managed account, relative to the configuration. */
export const MANAGING: Managing = {
  operatorJwtFile: './operator.jwt',
  operatorSigningKeyFile: fromConfig(OPERATOR_SIGNING_KEY),
  systemCredsFile: fromConfig(SYSTEM_CREDS),
  sealingKeyFile: fromConfig(SEALING_KEY),
};

export function open(path: string, about: string, content: string): PlannedFile {
  return { path, about, content, secret: false };
}

export function key(name: string, about: string, pair: KeyPair): PlannedFile {
  return secret(name, about, `${seedText(pair)}\n`);
}

export function secret(name: string, about: string, content: string): PlannedFile {
  return { path: `${KEYS}/${name}`, about, content, secret: true };
}

export function sealingKey(): PlannedFile {
  const content = `${randomBytes(32).toString('base64')}\n`;
  return secret(SEALING_KEY, 'encrypts the signing keys in the store: keep a copy', content);
}

export function gitignore(): PlannedFile {
  return open(`${KEYS}/.gitignore`, 'keeps the keys out of git', '*\n');
}
