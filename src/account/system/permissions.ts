/**
 * The subjects of the system account that nats-sts speaks on, all of them; `permissions.ts` makes of
 * them what its user must be allowed to. The server's `server/events.go` has their other side.
 */

/** Answered by every server. */
export const PING = '$SYS.REQ.SERVER.PING';
/** Answered by every server with the servers that it has routes to. */
export const ROUTEZ = '$SYS.REQ.SERVER.PING.ROUTEZ';
/** `{"account": A…}`: answered by every server with the account JWT that it has applied. */
export const ACCOUNTZ = '$SYS.REQ.SERVER.PING.ACCOUNTZ';
/** Answered by every server with its configuration, the operator it trusts included. */
export const VARZ = '$SYS.REQ.SERVER.PING.VARZ';
/** Answered by every server with its connections. */
export const CONNZ = '$SYS.REQ.SERVER.PING.CONNZ';
/** An account JWT: stored by every server. */
export const CLAIMS_UPDATE = '$SYS.REQ.CLAIMS.UPDATE';

/** Answered by every server with a store: the account JWT in there, or nothing. `account`: `A…` or `*`. */
export function claimsLookup(account: string): string {
  return `$SYS.REQ.ACCOUNT.${account}.CLAIMS.LOOKUP`;
}

/** `{"cid": n}`: that server closes the connection. Only for auth callouts; most users do not need it. */
export function kick(server: string): string {
  return `$SYS.REQ.SERVER.${server}.KICK`;
}

/** Answers come below it. A prefix of our own, so that the user may read nobody else's. */
export const INBOX_PREFIX = '_INBOX_sts_sys';

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
