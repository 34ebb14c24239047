import { z } from 'zod';
import { decodeJwt } from '../jwt.ts';
import { Malformed } from '../malformed.ts';
import { isPublicKey, type PublicKey, type UserPublicKey } from '../nkeys.ts';

/**
 * What a server asks an auth callout (NATS ADR-26; reference library jwt v2, `authorization_claims.go`):
 * a JWT of the server, about one connect of one client.
 */

/** Where servers ask; requests go to one member of each queue group. */
export const CALLOUT_SUBJECT = '$SYS.REQ.USER.AUTH';
/** Header with the public xkey of the server that sealed the request. */
export const SERVER_XKEY_HEADER = 'Nats-Server-Xkey';

const AUDIENCE = 'nats-authorization-request';
const TYPE = 'authorization_request';

/** Servers' clocks may differ from ours by this much. */
const LEEWAY_SECONDS = 30;

/** Servers leave out what is empty. */
const text = z.string().default('');

const body = z.object({
  user_nkey: z.string(),
  server_id: z.object({
    id: z.string(),
    name: text,
    cluster: text,
    version: text,
    xkey: z.string().optional(),
  }),
  client_info: z.object({
    host: text,
    id: z.int().nonnegative().optional(),
    kind: text,
    type: text,
    mqtt_id: text,
  }),
  connect_opts: z.object({
    jwt: text,
    auth_token: text,
    user: text,
    pass: text,
    name: text,
    lang: text,
    version: text,
  }),
  client_tls: z.object({ verified_chains: z.array(z.array(z.string())).nullish() }).nullish(),
});

/** Who asked: a server, by its own signature. Whether it is one of ours is for the caller to know. */
interface CalloutServer {
  /** `N…`; a new one with every start. */
  readonly id: PublicKey<'server'>;
  readonly name: string;
  readonly cluster: string;
  readonly version: string;
  /** `X…`: set when the server wants requests and answers sealed. */
  readonly xkey: PublicKey<'curve'> | undefined;
}

/** One connect of one client, as the server tells it. Texts that are empty were not there. */
export interface CalloutRequest {
  readonly server: CalloutServer;
  /** `A…`: the account of the callout, or the issuer that `nats-server.conf` names. */
  readonly askedOf: string;
  /** The user that the answer must name: the server makes a key for each connect. */
  readonly userPublicKey: UserPublicKey;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** What the server knows by itself. */
  readonly connection: {
    readonly host: string;
    /** Number of the connection on the server. */
    readonly id: number | undefined;
    /** `Client` or `Leafnode`. */
    readonly kind: string;
    /** `nats`, `websocket` or `mqtt`; empty for leaf nodes. */
    readonly type: string;
    /** The MQTT client id, which the client chose. */
    readonly mqttId: string;
    /** PEM of the client's certificate, if the server verified it. */
    readonly certificate: string | undefined;
  };
  /** What the client sent. */
  readonly sent: {
    readonly jwt: string;
    readonly authToken: string;
    readonly user: string;
    readonly password: string;
    readonly name: string;
    readonly lang: string;
    readonly version: string;
  };
}

/**
 * The request in a JWT, if the form is right, the server that it names signed it, and it is meant for
 * now. A server repeats the `jti` for all requests of one second: `userPublicKey` tells them apart.
 */
export function parseCalloutRequest(jwt: string, nowSeconds: number): CalloutRequest | Malformed {
  const claims = decodeJwt(jwt);
  if (claims instanceof Malformed) return claims;
  const { iss, sub, aud, iat, exp, nats } = claims;
  if (nats.type !== TYPE || aud !== AUDIENCE) return new Malformed('not an authorization request');
  if (!isPublicKey('server', iss)) return new Malformed('its issuer is not a server');
  if (exp === undefined) return new Malformed('it has no exp');
  if (iat > nowSeconds + LEEWAY_SECONDS) {
    return new Malformed(
      'its iat is in the future: the clock of the server or of nats-sts is wrong',
    );
  }
  if (exp <= nowSeconds - LEEWAY_SECONDS) {
    return new Malformed(
      'it has expired: it was late, or the clock of the server or of nats-sts is wrong',
    );
  }
  const parsed = body.safeParse(nats);
  if (!parsed.success) {
    const at = parsed.error.issues[0]?.path.join('.') ?? '';
    return new Malformed(`its member ${at} is missing or has the wrong type`);
  }
  const {
    user_nkey: user,
    server_id: server,
    client_info: client,
    connect_opts: sent,
  } = parsed.data;
  if (server.id !== iss)
    return new Malformed('it names a different server than the one that signed it');
  if (!isPublicKey('user', user)) return new Malformed('its user_nkey is not a public user key');
  const { xkey } = server;
  if (xkey !== undefined && !isPublicKey('curve', xkey)) {
    return new Malformed('the xkey of the server is not a public xkey');
  }
  return {
    server: {
      id: iss,
      name: server.name,
      cluster: server.cluster,
      version: server.version,
      xkey,
    },
    askedOf: sub,
    userPublicKey: user,
    expiresAt: exp + LEEWAY_SECONDS,
    connection: {
      host: client.host,
      id: client.id,
      kind: client.kind,
      type: client.type,
      mqttId: client.mqtt_id,
      certificate: parsed.data.client_tls?.verified_chains?.[0]?.[0],
    },
    sent: {
      jwt: sent.jwt,
      authToken: sent.auth_token,
      user: sent.user,
      password: sent.pass,
      name: sent.name,
      lang: sent.lang,
      version: sent.version,
    },
  };
}
