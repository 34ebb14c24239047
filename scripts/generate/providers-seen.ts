/** Section of `docs/presets.md`: seen by experiment, each provider as a real process with its defaults. */
export const PROVIDERS_SEEN = `## What providers send

Seen in November 2026, each provider running with its defaults.

| provider | access token | tells its kind by | \`aud\` of an access token | \`kinds\` to write for access tokens |
|---|---|---|---|---|
| Keycloak 26.7.3 | JWT | \`typ\` in the payload (header \`at+jwt\` by option) | text or list; of a lightweight token none | the preset has it |
| Dex (master, August 2026) | JWT with the claims of the ID token | nothing: \`at_hash\` makes it look like an ID token | text; list with \`azp\` for several clients | leave out, or \`[id_token]\` |
| Ory Hydra 2.3.0 | opaque; JWT by \`strategies.access_token: jwt\` | \`scp\` (a list), \`client_id\` | list; \`[]\` unless asked for with \`audience=\` | \`[access_token]\` |
| oidc-provider 9.13.3 | opaque; JWT for a resource | header \`at+jwt\` | text | \`[access_token]\` |
| mock-oauth2-server 6.0.2 | JWT | nothing | the scope, or \`default\` | leave out, or \`[jwt]\` |
| Amazon Cognito (as moto 5.2.5 has it) | JWT | \`token_use\` | none; \`client_id\` instead | the preset has it |
| Django OAuth Toolkit 3.4.1 | opaque | | | ID tokens only: \`[id_token]\` |
| Glewlwyd 2.7.5 | JWT | header \`at+jwt\` | all scopes as one text, or what \`resource=\` asks for | \`[access_token]\` |
| LemonLDAP::NG 2.16.1 | opaque; JWT by option | \`scope\`, \`client_id\` | list | \`[access_token]\` |

ID tokens of a login, and what to set up for it:

| provider | claims beyond the protocol | client credentials in Basic | worth knowing |
|---|---|---|---|
| Keycloak 26.7.3 | name, email; groups by a mapper, roles by a switch | decoded | |
| Dex (master, August 2026) | name, email; groups only with the scope \`groups\` | decoded | tokens live 24 h (\`expiry.idTokens\`); \`sub\` of client credentials has another form than that of people |
| Ory Hydra 2.3.0 | what the consent app gives; of access tokens below \`/ext\` | decoded; a client made with defaults takes no \`client_secret_post\` | |
| oidc-provider 9.13.3 | none unless \`conformIdTokenClaims: false\` | decoded | |
| mock-oauth2-server 6.0.2 | none | not looked at | |
| Django OAuth Toolkit 3.4.1 | none; \`sub\` is the number of the user's row | decoded | tokens live 10 h; a client made with defaults has no algorithm: choose RS256, or its token endpoint fails |
| Glewlwyd 2.7.5 | as configured | compared as sent | a wrong secret is \`unauthorized_client\` |
| LemonLDAP::NG 2.16.1 | | compared as sent | \`iss\` ends with a slash; ID tokens are HS512 until you choose RS256 |

nats-sts sends Basic form-encoded (RFC 6749 §2.3.1), which leaves letters, digits and \`* - . _\` as they are. For a provider that compares
what was sent, choose a client id and secret of these.

Logout tokens (back-channel logout) are signed with the same keys and refused as subject tokens, whatever their form: \`typ: logout+jwt\`
(Keycloak, oidc-provider), or \`typ: JWT\` without \`exp\` and \`sub\` (Hydra).
`;
