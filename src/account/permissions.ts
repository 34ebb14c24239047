import {
  ACCOUNTZ,
  CLAIMS_UPDATE,
  claimsLookup,
  CONNZ,
  INBOX_PREFIX,
  PING,
  ROUTEZ,
  VARZ,
} from './subjects.ts';

/**
 * What the system account's user of nats-sts must be allowed to, and nothing else: it reads what
 * servers know of accounts and connections, and pushes account JWTs. (It can push any: what it
 * pushes still has to be signed by the operator before a server applies it.)
 */
export function systemUserPermissions(): Record<'pub' | 'sub', { allow: string[] }> {
  return {
    pub: { allow: [PING, ROUTEZ, ACCOUNTZ, VARZ, CONNZ, claimsLookup('*'), CLAIMS_UPDATE] },
    sub: { allow: [`${INBOX_PREFIX}.>`] },
  };
}
