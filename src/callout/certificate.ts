import { X509Certificate } from 'node:crypto';
import type { Json } from '../identity/identity.ts';

/**
 * A verified certificate as `client.tls` in conditions: `subject` (RFC 4514, the most specific part
 * first), `commonName`, `fingerprint` (SHA-256, hexadecimal), and the alternative names by their kind.
 * Undefined for a text that is no certificate.
 */
export function certificateClaims(pem: string): { [name: string]: Json } | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return undefined;
  }
  // One attribute a line, the most general first; Node escapes line breaks inside of a value.
  const attributes = certificate.subject?.split('\n') ?? [];
  const commonNames = attributes.flatMap((line) => /^CN=(.+)$/.exec(line)?.[1] ?? []);
  return {
    subject: attributes.toReversed().join(','),
    ...(commonNames.length === 1 && { commonName: commonNames[0] ?? '' }),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    ...alternativeNames(certificate.subjectAltName ?? ''),
  };
}

const KINDS: Readonly<Record<string, string>> = {
  DNS: 'dns',
  URI: 'uri',
  email: 'email',
  'IP Address': 'ip',
};

/** `DNS:a.example, URI:spiffe://…`; Node writes a value with a comma or quote in it as JSON. */
const NAME = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/gy;

/** None at all if the text is not what we expect: a name must never be read out of another one. */
function alternativeNames(text: string): { [kind: string]: Json } {
  const names: { [kind: string]: string[] } = {};
  let read = 0;
  for (const [whole, kind = '', value = ''] of text.matchAll(NAME)) {
    read += whole.length;
    const name = KINDS[kind];
    if (name === undefined) continue;
    (names[name] ??= []).push(value.startsWith('"') ? String(JSON.parse(value)) : value);
  }
  return read === text.length ? names : {};
}
