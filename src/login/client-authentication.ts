import type { KeyObject, webcrypto } from 'node:crypto';
import {
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  modifyAssertion,
  None,
  PrivateKeyJwt,
  type ServerMetadata,
} from 'openid-client';
import type { Algorithm } from '../identity/issuer.ts';
import type { ClientAuthentication } from './login-spec.ts';

/** How we prove to the token endpoint who we are, of the ways that the issuer takes. */
export function clientAuthentication(
  authentication: ClientAuthentication,
  { token_endpoint_auth_methods_supported: methods }: ServerMetadata,
): ClientAuth {
  switch (authentication.method) {
    case 'none':
      return None();
    case 'secret':
      return methods !== undefined &&
        !methods.includes('client_secret_basic') &&
        methods.includes('client_secret_post')
        ? ClientSecretPost(authentication.secret)
        : ClientSecretBasic(authentication.secret);
    case 'private_key_jwt':
      return privateKeyJwt(authentication);
  }
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
    // One key has two names there (RFC 9864): it is called as the configuration calls it.
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
