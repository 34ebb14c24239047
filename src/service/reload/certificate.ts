import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

/** PEM files of the listener's certificate (with its chain) and key. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export function readTls({ certFile, keyFile }: TlsFiles): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
}

/** New connections get the certificate that the files hold now. Throws when it can't be used; then the old one stays. */
export function renewTls({ server }: FastifyInstance, files: TlsFiles): void {
  const context = readTls(files);
  if ('setSecureContext' in server && typeof server.setSecureContext === 'function') {
    server.setSecureContext(context);
  }
}
