import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { versionOf } from '../../config/files.ts';
import type { Log } from '../../log.ts';
import { problemsOf } from './reload.ts';
import { watchFiles } from './watch-files.ts';

/** PEM files of the listener's certificate (with its chain) and key. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** The content of the files, PEM. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export function readTls({ certFile, keyFile }: TlsFiles): Certificate {
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
}

/** Uses the certificate for new connections. Throws if it is not valid; then the old one stays in use. */
export function renewTls({ server }: FastifyInstance, certificate: Certificate): void {
  if ('setSecureContext' in server && typeof server.setSecureContext === 'function') {
    server.setSecureContext(certificate);
  }
}

/** Calls `use` whenever the files change; it throws if the certificate is not valid. Call the result to stop. */
export function watchCertificate(
  tls: TlsFiles,
  { use, log }: { readonly use: (certificate: Certificate) => void; readonly log: Log },
): () => void {
  const versions = () =>
    new Map([tls.certFile, tls.keyFile].map((file) => [file, versionOf(file)]));
  let files = versions();
  const renew = (): void => {
    files = versions();
    try {
      use(readTls(tls));
      log.info({}, 'TLS certificate renewed');
    } catch (error) {
      log.error(
        { problems: problemsOf(error) },
        'the changed TLS certificate was refused; the previous one stays in use',
      );
    }
  };
  return watchFiles({ files: () => files, onChange: renew });
}
