import { type ClaimPath, lookUp } from '../../identity/claims.ts';
import type { Claims, Identity } from '../../identity/identity.ts';

/** What `when` can read of a client's connection: `client.host`, `client.tls.uri`, … */

const MEMBERS = ['kind', 'type', 'host', 'mqttId'];
const CERTIFICATE_MEMBERS = ['subject', 'commonName', 'fingerprint', 'dns', 'uri', 'email', 'ip'];

export const CLIENT_RULE = `write one of client.${MEMBERS.join(', client.')}, or client.tls with one of ${CERTIFICATE_MEMBERS.join(', ')}`;

/** `client.tls` itself is there to be tested for; lists have elements. */
export function isClientMember([first = '', second, third, ...more]: ClaimPath): boolean {
  if (first !== 'tls') return MEMBERS.includes(first) && second === undefined;
  if (second === undefined) return true;
  return CERTIFICATE_MEMBERS.includes(second) && more.length === 0 && /^\d*$/.test(third ?? '');
}

/** As for claims: what is not there never matches. Undefined if everything is there. */
export function missingOfClient(
  { client }: Identity,
  uses: readonly { readonly path: ClaimPath; readonly presenceOnly: boolean }[],
): string | undefined {
  for (const { path, presenceOnly } of uses) {
    const name = clientName(path);
    if (client === undefined)
      return `"${name}" is known only in an auth callout, and never matches`;
    const value = lookUp(client, path);
    if (value === undefined) return `"${name}" is missing, and never matches`;
    if (!presenceOnly && isObject(value)) return `"${name}" is an object: name one of its members`;
  }
  return undefined;
}

export function clientName(path: ClaimPath): string {
  return ['client', ...path].join('.');
}

function isObject(value: Claims[string]): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
