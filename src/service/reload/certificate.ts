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

export function readTls({ certFile, keyFile }: TlsFiles): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
}

/** Uses the certificate in the files for new connections. Throws if it is not valid; then the old one stays in use. */
function renewTls({ server }: FastifyInstance, files: TlsFiles): void {
  const context = readTls(files);
  if ('setSecureContext' in server && typeof server.setSecureContext === 'function') {
    server.setSecureContext(context);
  }
}

/** Renews the certificate whenever its files change. Call the result to stop. */
export function watchCertificate(app: FastifyInstance, tls: TlsFiles, log: Log): () => void {
  const versions = () =>
    new Map([tls.certFile, tls.keyFile].map((file) => [file, versionOf(file)]));
  let files = versions();
  const renew = (): void => {
    files = versions();
    try {
      renewTls(app, tls);
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
