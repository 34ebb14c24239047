import type { ClientAuthentication, LoginSpec } from '../login/login-spec.ts';
import type { Findings } from './findings.ts';
import { warnInline } from './secrets.ts';
import { isLoopback } from './addresses.ts';
import { child } from './path.ts';
import type { LoadContext } from './load-context.ts';
import { readPrivateKey } from './private-key.ts';
import type { ResolvedLogin } from './schema/issuer.ts';
import type { LoginSettings } from './schema/login.ts';
import type { Settings } from './settings.ts';

/** Where people sign in. Issuers redirect their browsers to `publicUrl`. */
export function readLogins(
  settings: Settings,
  publicUrl: string,
  context: LoadContext,
): LoginSpec[] {
  const logins: LoginSpec[] = [];
  for (const [name, { login }] of settings.issuers.entries) {
    if (!login) continue;
    const path = child(child('issuers', name), 'login');
    // About the whole file, so once is enough.
    if (logins.length === 0)
      checkSurroundings(settings, { publicUrl, path, findings: context.findings });
    const spec = loginSpec(name, login, path, context);
    checkRedirectPath(spec, logins, { publicUrl, path, findings: context.findings });
    logins.push(spec);
  }
  return logins;
}

function loginSpec(
  name: string,
  { settings, idToken }: ResolvedLogin,
  path: string,
  context: LoadContext,
): LoginSpec {
  return {
    issuerName: name,
    title: settings.title ?? name,
    issuer: idToken.issuers[0] ?? '',
    clientId: settings.clientId,
    redirectPath: settings.redirectPath,
    authentication: authenticationOf(settings, path, context),
    scopes: ['openid', ...new Set(settings.scopes.filter((scope) => scope !== 'openid'))],
    sessionSeconds: settings.session,
    idToken: { name, ...idToken },
  };
}

/** RFC 9700 §4.4.2.2: only the path of a response tells which issuer sent it, because not every issuer says so in it. */
function checkRedirectPath(
  { issuerName, redirectPath }: LoginSpec,
  before: readonly LoginSpec[],
  { publicUrl, path, findings }: { publicUrl: string; path: string; findings: Findings },
): void {
  const first = before.find((other) => other.redirectPath === redirectPath);
  if (!first) return;
  const own = `/login/callback/${issuerName}`;
  findings.problem(
    child(path, 'redirectPath'),
    `is ${redirectPath}, as for issuers.${first.issuerName}, so one issuer could receive codes of the other (mix-up attack): write redirectPath: ${own}, and register ${publicUrl}${own} at this issuer`,
  );
}

/** What a login needs besides its issuer. */
function checkSurroundings(
  { publicUrl: written, sealingKey }: Settings,
  { publicUrl, path, findings }: { publicUrl: string; path: string; findings: Findings },
): void {
  const unreadable = (section: string) =>
    findings.problems.some((problem) => problem.path.startsWith(section));
  if (!sealingKey && !unreadable('sealingKey')) {
    findings.problem(
      path,
      'needs a key to encrypt session cookies: add sealingKey: {file: ./keys/sealing.key} (openssl rand -base64 32)',
    );
  }
  if (unreadable('publicUrl') || (written === undefined && unreadable('listen'))) return;
  const fault = urlFaultForPeople(publicUrl);
  if (fault !== undefined) findings.problem(written === undefined ? path : 'publicUrl', fault);
}

function urlFaultForPeople(publicUrl: string): string | undefined {
  const url = URL.parse(publicUrl);
  if (!url || url.hostname === '0.0.0.0' || url.hostname === '[::]') {
    return `would redirect browsers to ${publicUrl}, which they cannot reach: add publicUrl: https://sts.example.com`;
  }
  if (url.pathname !== '/') {
    // The session cookie applies to the whole host (`__Host-`), so a service at another path would get it too.
    return 'has a path, but session cookies apply to the whole host: give the service its own host, and remove the path from publicUrl';
  }
  if (url.protocol === 'https:' || isLoopback(url.hostname)) return undefined;
  return 'is plain http, but sign-in cookies need https beyond loopback: write https://…';
}

function authenticationOf(
  { clientSecret, privateKey, keyId, algorithm }: LoginSettings,
  path: string,
  context: LoadContext,
): ClientAuthentication {
  const { problem, problems } = context.findings;
  if (clientSecret !== undefined) warnInline(child(path, 'clientSecret'), context);
  const keyAt = child(path, 'privateKey');
  if (privateKey !== undefined) {
    warnInline(keyAt, context);
    if (clientSecret !== undefined)
      problem(keyAt, 'is given in addition to clientSecret: keep one of them');
    return keyAuthentication({ privateKey, keyId, algorithm }, path, context.findings);
  }
  const unreadable = problems.some((problem) => problem.path === keyAt);
  for (const [key, value] of Object.entries({ keyId, algorithm })) {
    if (value === undefined || unreadable) continue;
    problem(
      child(path, key),
      'applies only to privateKey, which is missing: add privateKey, or remove this',
    );
  }
  return clientSecret === undefined
    ? { method: 'none' }
    : { method: 'secret', secret: clientSecret };
}

function keyAuthentication(
  written: Pick<LoginSettings, 'keyId' | 'algorithm'> & { privateKey: string },
  path: string,
  { problem }: Findings,
): ClientAuthentication {
  const read = readPrivateKey(written.privateKey);
  if ('reason' in read) {
    problem(child(path, 'privateKey'), read.reason);
    return { method: 'none' };
  }
  const { key, algorithms } = read;
  const algorithm = written.algorithm ?? algorithms[0];
  if (algorithm === undefined || !algorithms.includes(algorithm)) {
    problem(child(path, 'algorithm'), `does not match the key: write ${algorithms.join(' or ')}`);
    return { method: 'none' };
  }
  const keyId = written.keyId ?? read.keyId;
  return { method: 'private_key_jwt', key, algorithm, ...(keyId !== undefined && { keyId }) };
}
