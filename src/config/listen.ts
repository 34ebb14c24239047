import type { Config } from './config.ts';
import { isLoopback } from './addresses.ts';
import { fileAt, type LoadContext } from './load-context.ts';
import type { Settings } from './settings.ts';

/** Where to listen. Beyond loopback, tokens and credentials must be encrypted. */
export function readListen({ listen }: Settings, context: LoadContext): Config['listen'] {
  const { host, port, tls, behindProxy } = listen;
  // A `tls` or `behindProxy` that could not be read was reported already.
  const unreadable = context.findings.problems.some(({ path }) =>
    /^listen\.(?:tls|behindProxy)/.test(path),
  );
  if (!isLoopback(host) && !tls && !behindProxy && !unreadable) {
    context.findings.problem(
      'listen.host',
      `on ${host}, tokens and credentials would be sent unencrypted: add listen.tls: {cert: ./tls.crt, key: ./tls.key}, or listen.behindProxy: [10.0.0.0/8] (the addresses of the proxy that terminates TLS)`,
    );
  }
  return {
    // `localhost` can mean two addresses, but connection limits work with one.
    host: host === 'localhost' ? '127.0.0.1' : host,
    port,
    ...(tls && {
      tls: {
        certFile: fileAt(tls.cert, 'listen.tls.cert', context),
        keyFile: fileAt(tls.key, 'listen.tls.key', context),
      },
    }),
    ...(behindProxy && { behindProxy }),
  };
}

/** The public URL if none is configured. */
export function derivedUrl({ host, port, tls }: Config['listen']): string {
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${tls ? 'https' : 'http'}://${name}:${port}`;
}
