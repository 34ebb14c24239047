import { systemErrorCode } from '../../identity/guarded-fetch.ts';

/** What to do about a failed connection, by the error code of the operating system or TLS library. */
export function remedyOf(fault: unknown): { readonly id: string; readonly todo: string } {
  const code = systemErrorCode(fault);
  const tls = code === undefined ? undefined : TLS[code];
  if (tls !== undefined) return { id: 'tls', todo: tls };
  const network = code === undefined ? undefined : NETWORK[code];
  return { id: 'unreachable', todo: network ?? 'check the address, DNS, firewalls, and proxies' };
}

const UNTRUSTED =
  'make the server send its whole certificate chain; for a private CA, set NODE_EXTRA_CA_CERTS=ca.pem for nats-sts';
const OTHER_NAME = 'use the name in the certificate, or renew the certificate with this name';
const NO_TLS = 'check scheme and port: the port does not use TLS';

const TLS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_UNTRUSTED: UNTRUSTED,
  CERT_HAS_EXPIRED: 'renew the certificate, or correct the clock of this machine',
  CERT_NOT_YET_VALID: 'correct the clock of this machine, or wait until the certificate is valid',
  ERR_TLS_CERT_ALTNAME_INVALID: OTHER_NAME,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  EPROTO: NO_TLS,
};

const NETWORK: Readonly<Record<string, string>> = {
  ENOTFOUND: 'check the spelling of the name, and the DNS of this machine',
  EAI_AGAIN: 'check the DNS of this machine, which does not answer',
  ECONNREFUSED: 'check host and port, and that the server is running',
  ECONNRESET: 'check the port, and proxies in between, which may close the connection',
  EHOSTUNREACH: 'check the network and firewalls: there is no route',
  ENETUNREACH: 'check the network and firewalls: there is no route',
  ETIMEDOUT: 'check host, port, and firewalls: nothing answers',
  UND_ERR_CONNECT_TIMEOUT: 'check host, port, and firewalls: nothing answers',
};
