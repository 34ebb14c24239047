import type { Config } from '../../config/config.ts';
import { allowedUrl, FetchFailed } from '../../identity/guarded-fetch.ts';
import type { JsonObject } from '../../identity/strict-json.ts';
import { redirectUri } from '../../login/login-spec.ts';
import { type Finding, findingsOf } from './finding.ts';

type Login = Config['logins'][number];

/** What a login needs from its issuer, and what to register there. */
export function loginFindings(
  login: Login,
  metadata: JsonObject | undefined,
  publicUrl: string,
): Finding[] {
  const path = `issuers.${login.issuerName}.login`;
  return [
    ...(metadata ? metadataFindings(login, metadata, path) : []),
    toRegister(login, publicUrl, path),
  ];
}

/** Whether it is registered shows only when someone signs in. */
function toRegister(login: Login, publicUrl: string, path: string): Finding {
  return findingsOf(path, `client ${login.clientId}`).note(
    'redirect-uri',
    `redirect URI ${redirectUri(publicUrl, login)}, after signing out ${publicUrl}/`,
    'register exactly these URLs at the issuer',
  );
}

function metadataFindings(login: Login, metadata: JsonObject, path: string): Finding[] {
  const { ok, problem } = findingsOf(path, `metadata of ${login.issuer}`);
  const faults = ['authorization_endpoint', 'token_endpoint'].flatMap((name) => {
    const fault = endpointFault(metadata[name], login.idToken.allowInsecureHttp);
    return fault === undefined ? [] : [problem('endpoint', `${name}: ${fault}`, ENDPOINT)];
  });
  const wanted = [
    {
      name: 'code_challenge_methods_supported',
      needs: ['S256'],
      todo: 'enable PKCE (S256) for the client: nats-sts requires it',
    },
    {
      name: 'response_types_supported',
      needs: ['code'],
      todo: 'enable the authorization code flow: nats-sts requires it',
    },
    {
      name: 'token_endpoint_auth_methods_supported',
      needs: authenticationMethods(login),
      todo: `give ${path} a secret or key that the issuer accepts`,
    },
    {
      name: 'id_token_signing_alg_values_supported',
      needs: login.idToken.algorithms,
      todo: `add an algorithm of the issuer to issuers.${login.issuerName}.algorithms`,
    },
  ];
  for (const { name, needs, todo } of wanted) {
    const offered = metadata[name];
    // An issuer may support what it does not list.
    if (!Array.isArray(offered) || offered.some((one) => (needs as unknown[]).includes(one)))
      continue;
    const has = offered.filter((one) => typeof one === 'string').join(', ');
    faults.push(problem('not-offered', `${name}: ${has}; required is ${needs.join(' or ')}`, todo));
  }
  return faults.length > 0 ? faults : [ok('login', 'has everything that signing in requires')];
}

const ENDPOINT =
  'check that this is the issuer for people: nobody can sign in without this endpoint';

function endpointFault(endpoint: unknown, allowInsecureHttp: boolean): string | undefined {
  if (typeof endpoint !== 'string') return 'is missing';
  try {
    allowedUrl(endpoint, allowInsecureHttp);
    return undefined;
  } catch (fault) {
    if (fault instanceof FetchFailed) return fault.message;
    throw fault;
  }
}

function authenticationMethods({ authentication: { method } }: Login): readonly string[] {
  return method === 'secret' ? ['client_secret_basic', 'client_secret_post'] : [method];
}
