import { encodeJwt } from '../../../src/nats/jwt.ts';
import { createKeyPair, type KeyPair } from '../../../src/nats/key-pair.ts';

/** The members of the NATS part, as a server spells them. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests write whatever they want into it
export type RequestBody = { [member: string]: any };

export interface RequestOptions {
  readonly server?: KeyPair;
  readonly claims?: {
    readonly aud?: string | undefined;
    readonly sub?: string;
    readonly iat?: number;
    readonly exp?: number | undefined;
  };
  /** Edits the NATS part. */
  readonly edit?: (body: RequestBody) => void;
}

/** The JWT of a request as nats-server 2.15 writes it. */
export function requestJwt(now: number, { server, claims, edit }: RequestOptions = {}): string {
  const key = server ?? createKeyPair('server');
  const body: RequestBody = {
    server_id: { name: 'one', host: '127.0.0.1', id: key.publicKey, version: '2.15.1' },
    user_nkey: createKeyPair('user').publicKey,
    client_info: { host: '192.0.2.7', id: 14, user: '[REDACTED]', kind: 'Client', type: 'nats' },
    connect_opts: { auth_token: 'token', lang: 'go', version: '1.55.0', protocol: 1 },
    type: 'authorization_request',
    version: 2,
  };
  edit?.(body);
  return encodeJwt({
    claims: {
      sub: createKeyPair('account').publicKey,
      aud: 'nats-authorization-request',
      iat: now,
      exp: now + 2,
      ...claims,
      nats: body as never,
    },
    issuerPublicKey: key.publicKey,
    sign: key.sign,
  });
}
