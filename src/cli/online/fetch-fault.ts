import { systemErrorCode } from '../../identity/guarded-fetch.ts';

/** What to do about a connection that failed, by the operating system's or TLS library's code for it. */
export function remedyOf(fault: unknown): { readonly id: string; readonly todo: string } {
  const code = systemErrorCode(fault);
  const tls = code === undefined ? undefined : TLS[code];
  if (tls !== undefined) return { id: 'tls', todo: tls };
  const network = code === undefined ? undefined : NETWORK[code];
  return { id: 'unreachable', todo: network ?? 'check the address, DNS, firewalls and proxies' };
}

const UNTRUSTED =
  'have the server send its whole certificate chain; for a private CA set NODE_EXTRA_CA_CERTS=ca.pem for nats-sts';
const OTHER_NAME = 'use the name that the certificate has, or renew the certificate with this name';
const NO_TLS = 'the port does not speak TLS: check scheme and port';

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
  ENOTFOUND: 'the name does not resolve: check its spelling and the DNS of this machine',
  EAI_AGAIN: 'DNS does not answer: check the DNS of this machine',
  ECONNREFUSED: 'nothing listens there: check host and port, and that the server is up',
  ECONNRESET: 'something closes the connection: check the port, and proxies between',
  EHOSTUNREACH: 'there is no route: check the network and firewalls',
  ENETUNREACH: 'there is no route: check the network and firewalls',
  ETIMEDOUT: 'nothing answers: check host, port and firewalls',
  UND_ERR_CONNECT_TIMEOUT: 'nothing answers: check host, port and firewalls',
};
