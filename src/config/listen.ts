import { resolve } from 'node:path';
import type { Config } from './config.ts';
import type { Findings } from './findings.ts';
import { isLoopback } from './loopback.ts';
import { readFault, type Origin } from './references.ts';
import type { Settings } from './settings.ts';

interface Place {
  readonly directory: string;
  readonly origins: ReadonlyMap<string, Origin>;
  readonly findings: Findings;
}

/** Where to listen. Beyond loopback, tokens and credentials must not travel in the clear. */
export function readListen({ listen }: Settings, place: Place): Config['listen'] {
  const { host, port, tls, behindProxy } = listen;
  // A `tls` or `behindProxy` that could not be read was reported where it stands.
  const unreadable = place.findings.problems.some(({ path }) =>
    /^listen\.(?:tls|behindProxy)/.test(path),
  );
  if (!isLoopback(host) && !tls && !behindProxy && !unreadable) {
    place.findings.problem(
      'listen.host',
      `listening on ${host} would send tokens and credentials unencrypted: add listen.tls: {cert: ./tls.crt, key: ./tls.key}, or listen.behindProxy: [10.0.0.0/8] (the addresses of the proxy that does TLS)`,
    );
  }
  return {
    host,
    port,
    ...(tls && {
      tls: {
        certFile: pemFile(tls.cert, 'listen.tls.cert', place),
        keyFile: pemFile(tls.key, 'listen.tls.key', place),
      },
    }),
    ...(behindProxy && { behindProxy }),
  };
}

/** A path, also where `{file: path}` was written and its text stands here now: TLS files are read again later. */
function pemFile(written: string, path: string, { directory, origins, findings }: Place): string {
  const origin = origins.get(path);
  if (origin && 'file' in origin) return origin.file;
  const file = resolve(directory, written);
  const fault = readFault(file);
  if (fault !== undefined) findings.problem(path, `the file ${file} ${fault}`);
  return file;
}

/** What callers are told where nothing else is configured. */
export function derivedUrl({ host, port, tls }: Config['listen']): string {
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${tls ? 'https' : 'http'}://${name}:${port}`;
}
