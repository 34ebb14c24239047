import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { InvalidInput } from '../../src/errors.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';

export const account = createKeyPair('account');
export const signingKey = createKeyPair('account');

/** A directory of its own for one configuration; gone when the test ends. */
export interface ConfigDirectory extends Disposable {
  readonly path: string;
  write(name: string, text: string, mode?: number): string;
  load(yaml: string, env?: Record<string, string>): Config;
  /** The problems of a file that can't be used, as people read them; fails when it can. */
  problems(yaml: string, env?: Record<string, string>): string[];
}

export function configDirectory(): ConfigDirectory {
  const path = mkdtempSync(join(tmpdir(), 'nats-sts-config-'));
  const write = (name: string, text: string, mode = 0o600) => {
    writeFileSync(join(path, name), text, { mode });
    return join(path, name);
  };
  const load = (yaml: string, env: Record<string, string> = {}) =>
    loadConfig(write('sts.yaml', yaml), { env: { SEED: signingKey.seed(), ...env } });
  return {
    path,
    write,
    load,
    problems(yaml, env) {
      try {
        load(yaml, env);
      } catch (error) {
        if (!(error instanceof InvalidInput)) throw error;
        return error.problems.map(
          ({ line, path, message }) => `${line ?? '-'} ${path}: ${message}`,
        );
      }
      throw new Error('the configuration was accepted');
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  };
}

export const ACCOUNTS = `accounts: { APP: { publicKey: ${account.publicKey}, signingKeys: [{ env: SEED }] } }`;
export const ISSUERS = 'issuers: { dev: { issuer: https://id.example.com, audience: nats-sts } }';
export const ROLES = 'roles: { publisher: { account: APP, publish: { allow: ["orders.>"] } } }';
export const BINDINGS =
  'bindings: [{ name: alice, issuer: dev, match: { sub: alice }, roles: [publisher] }]';

/** A whole file; sections given replace those of the smallest one that works. */
export function yaml(
  sections: {
    accounts?: string;
    issuers?: string;
    roles?: string;
    bindings?: string;
    more?: string;
  } = {},
): string {
  const {
    accounts = ACCOUNTS,
    issuers = ISSUERS,
    roles = ROLES,
    bindings = BINDINGS,
    more = '',
  } = sections;
  return [accounts, issuers, roles, bindings, more].join('\n');
}
