import { connect, type NatsConnection } from '@nats-io/transport-node';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  CALLOUT_SUBJECT,
  parseCalloutRequest,
  SERVER_XKEY_HEADER,
} from '../../../src/nats/callout/request.ts';
import { calloutResponse } from '../../../src/nats/callout/response.ts';
import { createCurveKeyPair, type CurvePublicKey } from '../../../src/nats/curve-key-pair.ts';
import { encodeJwt } from '../../../src/nats/jwt.ts';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import { Malformed } from '../../../src/nats/malformed.ts';
import { NO_USER_LIMITS } from '../../../src/nats/user-claims.ts';
import { type NatsServer, startNatsServer } from '../../support/nats-server.ts';
import { PATIENCE_MILLISECONDS } from '../../support/patience.ts';

/** What nats-server makes of our answers to its callouts, and we of its requests. */

const issuer = createKeyPair('account');
const xkey = createCurveKeyPair();

async function serverWithCallout(): Promise<NatsServer> {
  const server = await startNatsServer({
    config: `
accounts { AUTH: { users: [ { user: sts, password: sts } ] }, APP: {} }
authorization {
  timeout: ${PATIENCE_MILLISECONDS / 1000}
  auth_callout { issuer: ${issuer.publicKey}, auth_users: [ sts ], account: AUTH, xkey: ${xkey.publicKey} }
}`,
  });
  onTestFinished(() => server.stop());
  return server;
}

type Answer = 'user' | { readonly error: string } | 'nothing';

/** Answers every request in the same way; tokens that arrived. */
async function answering(server: NatsServer, answer: Answer): Promise<string[]> {
  const connection = await connect({ servers: server.url, user: 'sts', pass: 'sts' });
  onTestFinished(() => connection.close());
  const tokens: string[] = [];
  connection.subscribe(CALLOUT_SUBJECT, {
    callback: (_, message) => {
      const sender = message.headers?.get(SERVER_XKEY_HEADER) as CurvePublicKey;
      const jwt = xkey.open(message.data, sender)?.toString() ?? '';
      const now = Math.floor(Date.now() / 1000);
      const request = parseCalloutRequest(jwt, now);
      if (request instanceof Malformed) throw new Error(request.problem);
      tokens.push(request.sent.authToken);
      if (answer === 'nothing') return void message.respond();
      const { server, userPublicKey } = request;
      const user = () =>
        encodeJwt({
          claims: {
            sub: userPublicKey,
            aud: 'APP',
            iat: now,
            exp: now + 60,
            nats: { type: 'user', version: 2, ...NO_USER_LIMITS } as never,
          },
          issuerPublicKey: issuer.publicKey,
          sign: issuer.sign,
        });
      const target = { server: server.id, userPublicKey, issuedAt: now };
      const response = calloutResponse(
        issuer,
        target,
        answer === 'user' ? { jwt: user() } : answer,
      );
      message.respond(xkey.seal(Buffer.from(response), sender));
    },
  });
  await connection.flush();
  return tokens;
}

async function connectBy(server: NatsServer, token: string): Promise<NatsConnection> {
  const connection = await connect({
    servers: server.url,
    token,
    reconnect: false,
    timeout: PATIENCE_MILLISECONDS,
  });
  onTestFinished(() => connection.close());
  return connection;
}

describe('nats-server', () => {
  test('lets the user of a sealed answer in, and its sealed request has the token', async () => {
    const server = await serverWithCallout();
    const tokens = await answering(server, 'user');
    const connection = await connectBy(server, 'the token');
    await connection.flush();
    expect(tokens).toEqual(['the token']);
  });

  test('refuses by our error, which its log has', async () => {
    const server = await serverWithCallout();
    await answering(server, { error: 'access_denied 4711' });
    await expect(connectBy(server, 'token')).rejects.toThrow('Authorization Violation');
    expect(await server.logged('access_denied 4711')).toContain('[WRN]');
  });

  test('refuses at once when the answer is empty: so silence is never necessary', async () => {
    const server = await serverWithCallout();
    await answering(server, 'nothing');
    await expect(connectBy(server, 'token')).rejects.toThrow('Authorization Violation');
  });
});
