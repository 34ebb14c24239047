import { describe, expect, test } from 'vitest';
import { parseCalloutRequest } from '../../../src/nats/callout/request.ts';
import { createKeyPair } from '../../../src/nats/key-pair.ts';
import { Malformed } from '../../../src/nats/malformed.ts';
import { type RequestBody, requestJwt, type RequestOptions } from './requests.ts';

const NOW = 1_800_000_000;

describe('a request', () => {
  test('says who asks, for whom, and what the client sent', () => {
    const server = createKeyPair('server');
    const account = createKeyPair('account').publicKey;
    const user = createKeyPair('user').publicKey;
    const jwt = requestJwt(NOW, {
      server,
      claims: { sub: account },
      edit: (body) => Object.assign(body, { user_nkey: user }),
    });
    expect(parseCalloutRequest(jwt, NOW)).toEqual({
      server: {
        id: server.publicKey,
        name: 'one',
        cluster: '',
        version: '2.15.1',
        xkey: undefined,
      },
      askedOf: account,
      userPublicKey: user,
      expiresAt: NOW + 32,
      connection: {
        host: '192.0.2.7',
        id: 14,
        kind: 'Client',
        type: 'nats',
        mqttId: '',
        certificate: undefined,
      },
      sent: {
        jwt: '',
        authToken: 'token',
        user: '',
        password: '',
        name: '',
        lang: 'go',
        version: '1.55.0',
      },
    });
  });

  test('has the certificate of a client only if the server verified it', () => {
    const certificateOf = (tls: RequestBody) => {
      const request = parseCalloutRequest(
        requestJwt(NOW, { edit: (body) => Object.assign(body, { client_tls: tls }) }),
        NOW,
      );
      return request instanceof Malformed ? request : request.connection.certificate;
    };
    expect(certificateOf({ verified_chains: [['leaf', 'root'], ['leaf']] })).toBe('leaf');
    expect(certificateOf({ certs: ['leaf'] })).toBeUndefined();
    expect(certificateOf({ verified_chains: [] })).toBeUndefined();
  });

  test('is good as long as clocks may differ', () => {
    expect(parseCalloutRequest(requestJwt(NOW + 30), NOW)).not.toBeInstanceOf(Malformed);
    expect(parseCalloutRequest(requestJwt(NOW - 31), NOW)).not.toBeInstanceOf(Malformed);
  });

  const other = createKeyPair('server').publicKey;
  const member = (edit: (body: RequestBody) => void): RequestOptions => ({ edit });
  test.each<[string, RequestOptions, string]>([
    ['for another audience', { claims: { aud: 'nats' } }, 'not an authorization request'],
    ['without an audience', { claims: { aud: undefined } }, 'not an authorization request'],
    ['of another type', member((body) => (body['type'] = 'user')), 'not an authorization request'],
    ['from an account', { server: createKeyPair('account') }, 'its issuer is not a server'],
    ['from a user', { server: createKeyPair('user') }, 'its issuer is not a server'],
    ['without exp', { claims: { exp: undefined } }, 'it has no exp'],
    ['of yesterday', { claims: { iat: NOW - 86_400, exp: NOW - 86_398 } }, 'it has expired'],
    [
      'of tomorrow',
      { claims: { iat: NOW + 86_400, exp: NOW + 86_402 } },
      'its iat is in the future',
    ],
    [
      'naming a different server',
      member((body) => (body['server_id'].id = other)),
      'a different server',
    ],
    ['without a server', member((body) => delete body['server_id']), 'its member server_id'],
    ['without a user', member((body) => delete body['user_nkey']), 'its member user_nkey'],
    [
      'for an account',
      member((body) => (body['user_nkey'] = createKeyPair('account').publicKey)),
      'user_nkey',
    ],
    ['without client_info', member((body) => delete body['client_info']), 'its member client_info'],
    [
      'with a number for a token',
      member((body) => (body['connect_opts'].auth_token = 1)),
      'connect_opts.auth_token',
    ],
    ['with an xkey that is none', member((body) => (body['server_id'].xkey = other)), 'xkey'],
    [
      'with a chain that is none',
      member((body) => (body['client_tls'] = { verified_chains: ['x'] })),
      'client_tls',
    ],
  ])('%s is refused', (_, options, problem) => {
    const parsed = parseCalloutRequest(requestJwt(NOW, options), NOW);
    expect(parsed).toBeInstanceOf(Malformed);
    expect((parsed as Malformed).problem).toContain(problem);
  });

  test('whose signature is not of the server that it names is refused', () => {
    const [header, , signature] = requestJwt(NOW).split('.');
    const [, payload] = requestJwt(NOW).split('.');
    const parsed = parseCalloutRequest(`${header}.${payload}.${signature}`, NOW);
    expect((parsed as Malformed).problem).toContain('signature');
  });

  test.each(['', 'x', '..', 'eyJ.eyJ.eyJ', '\0'.repeat(1000)])('%j is none', (text) => {
    expect(parseCalloutRequest(text, NOW)).toBeInstanceOf(Malformed);
  });
});
