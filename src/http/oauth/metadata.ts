import type { LoginService } from '../deps.ts';
import { grantTypes } from './grants/grant-types.ts';

/** Authorization server metadata (RFC 8414 §2), with the login endpoints if sign-in is configured. */
export function metadata(publicUrl: string, login: Pick<LoginService, 'logins'>): object {
  return {
    issuer: publicUrl,
    token_endpoint: `${publicUrl}/token`,
    grant_types_supported: grantTypes(login),
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ['none'],
    dpop_signing_alg_values_supported: [
      'ES256',
      'ES384',
      'ES512',
      'Ed25519',
      'EdDSA',
      'PS256',
      'RS256',
    ],
    service_documentation: `${publicUrl}/openapi.yaml`,
    ...(login.logins.issuers().length > 0 && forPeople(publicUrl)),
  };
}

function forPeople(publicUrl: string): object {
  return {
    authorization_endpoint: `${publicUrl}/authorize`,
    // RFC 8628 §4
    device_authorization_endpoint: `${publicUrl}/device_authorization`,
    revocation_endpoint: `${publicUrl}/revoke`,
    introspection_endpoint: `${publicUrl}/introspect`,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    code_challenge_methods_supported: ['S256'],
    revocation_endpoint_auth_methods_supported: ['none'],
    introspection_endpoint_auth_methods_supported: ['none'],
    // RFC 9207 §3
    authorization_response_iss_parameter_supported: true,
  };
}
