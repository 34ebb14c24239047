/** Section of `docs/presets.md`: seen by experiment, each provider as a real process with its defaults. */
export const PROVIDERS_SEEN = `## What providers send

Observed in November 2026, with each provider running with its defaults.

| provider | access token | what reveals its kind | \`aud\` of an access token | \`kinds\` for access tokens |
|---|---|---|---|---|
| Keycloak 26.7.3 | JWT | \`typ\` in the payload (header \`at+jwt\` by option) | text or list; none in a lightweight token | set by the preset |
| Dex (master, August 2026) | JWT with the claims of the ID token | nothing: \`at_hash\` makes it look like an ID token | text; list with \`azp\` for several clients | leave out, or \`[id_token]\` |
| Ory Hydra 2.3.0 | opaque; JWT by \`strategies.access_token: jwt\` | \`scp\` (a list), \`client_id\` | list; \`[]\` unless requested with \`audience=\` | \`[access_token]\` |
| oidc-provider 9.13.3 | opaque; JWT for a resource | header \`at+jwt\` | text | \`[access_token]\` |
| mock-oauth2-server 6.0.2 | JWT | nothing | the scope, or \`default\` | leave out, or \`[jwt]\` |
| Amazon Cognito (as moto 5.2.5 has it) | JWT | \`token_use\` | none; \`client_id\` instead | set by the preset |
| Django OAuth Toolkit 3.4.1 | opaque | | | ID tokens only: \`[id_token]\` |
| Glewlwyd 2.7.5 | JWT | header \`at+jwt\` | all scopes as one text, or the value of \`resource=\` | \`[access_token]\` |
| LemonLDAP::NG 2.16.1 | opaque; JWT by option | \`scope\`, \`client_id\` | list | \`[access_token]\` |

ID tokens of a login, and how to set it up:

| provider | claims beyond the standard ones | client credentials in Basic | note |
|---|---|---|---|
| Keycloak 26.7.3 | name, email; groups by a mapper, roles by a switch | decoded | |
| Dex (master, August 2026) | name, email; groups only with the scope \`groups\` | decoded | tokens live 24 h (\`expiry.idTokens\`); \`sub\` of client credentials differs from that of people |
| Ory Hydra 2.3.0 | set by the consent app; in access tokens below \`/ext\` | decoded; a client with default settings does not accept \`client_secret_post\` | |
| oidc-provider 9.13.3 | none unless \`conformIdTokenClaims: false\` | decoded | |
| mock-oauth2-server 6.0.2 | none | ignored | |
| Django OAuth Toolkit 3.4.1 | none; \`sub\` is the number of the user's row | decoded | tokens live 10 h; a client with default settings has no algorithm: choose RS256, or its token endpoint fails |
| Glewlwyd 2.7.5 | as configured | compared as sent | a wrong secret is \`unauthorized_client\` |
| LemonLDAP::NG 2.16.1 | | compared as sent | \`iss\` ends with a slash; ID tokens are HS512 until you choose RS256 |

nats-sts sends client ID and secret form-encoded in Basic (RFC 6749 §2.3.1), which leaves letters, digits, and \`* - . _\` unchanged. For a
provider that does not decode them, use only these characters.

Logout tokens (back-channel logout) are signed with the same keys, and nats-sts rejects them as subject tokens in every form: \`typ: logout+jwt\`
(Keycloak, oidc-provider), or \`typ: JWT\` without \`exp\` and \`sub\` (Hydra).
`;
