import type { KeyObject, webcrypto } from 'node:crypto';
import {
  type ClientAuth,
  ClientSecretPost,
  modifyAssertion,
  None,
  PrivateKeyJwt,
  type ServerMetadata,
} from 'openid-client';
import type { Algorithm } from '../../identity/issuer.ts';
import type { ClientAuthentication } from '../login-spec.ts';

/** The names of OIDC Core §9. */
export type AuthenticationMethod =
  | 'none'
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'private_key_jwt';

/** How we authenticate to the token endpoint, by a method that the issuer accepts. */
export function authenticationMethod(
  { method }: ClientAuthentication,
  { token_endpoint_auth_methods_supported: methods }: ServerMetadata,
): AuthenticationMethod {
  if (method !== 'secret') return method;
  const onlyPost =
    methods !== undefined &&
    !methods.includes('client_secret_basic') &&
    methods.includes('client_secret_post');
  return onlyPost ? 'client_secret_post' : 'client_secret_basic';
}

export function clientAuthentication(
  authentication: ClientAuthentication,
  metadata: ServerMetadata,
): ClientAuth {
  switch (authentication.method) {
    case 'none':
      return None();
    case 'secret':
      return authenticationMethod(authentication, metadata) === 'client_secret_post'
        ? ClientSecretPost(authentication.secret)
        : clientSecretBasic(authentication.secret);
    case 'private_key_jwt':
      return privateKeyJwt(authentication);
  }
}

/**
 * RFC 6749 §2.3.1. openid-client's version also escapes `- _ .`, which fails at servers that compare
 * the header without decoding it (LemonLDAP::NG, Glewlwyd).
 */
function clientSecretBasic(secret: string): ClientAuth {
  return (_server, { client_id: id }, _body, headers) => {
    const credentials = Buffer.from(`${formEncoded(id)}:${formEncoded(secret)}`);
    headers.set('authorization', `Basic ${credentials.toString('base64')}`);
  };
}

/** `application/x-www-form-urlencoded` (RFC 6749 appendix B): `A-Z a-z 0-9 * - . _` are not escaped. */
function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice('='.length);
}

function privateKeyJwt({
  key,
  algorithm,
  keyId,
}: Extract<ClientAuthentication, { method: 'private_key_jwt' }>): ClientAuth {
  const privateKey = {
    key: cryptoKey(key, algorithm),
    ...(keyId !== undefined && { kid: keyId }),
  };
  return PrivateKeyJwt(privateKey, {
    // This algorithm has two names (RFC 9864); use the one in the configuration.
    [modifyAssertion]: (header) => {
      header['alg'] = algorithm;
    },
  });
}

function cryptoKey(key: KeyObject, algorithm: Algorithm): webcrypto.CryptoKey {
  return key.toCryptoKey(parametersOf(algorithm), false, ['sign']);
}

function parametersOf(algorithm: Algorithm): Parameters<KeyObject['toCryptoKey']>[0] {
  const hash = `SHA-${algorithm.slice(2)}`;
  switch (algorithm) {
    case 'RS256':
    case 'RS384':
    case 'RS512':
      return { name: 'RSASSA-PKCS1-v1_5', hash };
    case 'PS256':
    case 'PS384':
    case 'PS512':
      return { name: 'RSA-PSS', hash };
    case 'ES256':
    case 'ES384':
      return { name: 'ECDSA', namedCurve: `P-${algorithm.slice(2)}` };
    case 'ES512':
      return { name: 'ECDSA', namedCurve: 'P-521' };
    case 'EdDSA':
    case 'Ed25519':
      return { name: 'Ed25519' };
  }
}
