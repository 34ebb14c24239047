import type { Config } from '../../config/config.ts';
import type { IssuerSpec } from '../../identity/issuer.ts';
import type { JsonObject } from '../../identity/strict-json.ts';
import { type Ask, askIssuer } from './ask-issuer.ts';
import { type Finding, findingsOf, type ProbeOptions } from './finding.ts';
import { issuerDifference } from './issuer-difference.ts';
import { keysFound } from './keys-found.ts';
import { loginFindings } from './login-metadata.ts';
import { skewText } from './skew.ts';

/** Tests every issuer and login: discovery, keys, endpoints, clock. */
export async function probeIssuers(config: Config, options: ProbeOptions): Promise<Finding[]> {
  const discovered = new Map<string, Promise<Discovered>>();
  const discover = (
    issuer: string,
    path: string,
    { allowInsecureHttp, leewaySeconds }: IssuerSpec,
  ) => {
    const known = discovered.get(issuer);
    // Reported once, and used for its login too.
    if (known) return known.then(({ metadata }): Discovered => ({ metadata, findings: [] }));
    const asking = discovery(issuer, { ...options, path, allowInsecureHttp, leewaySeconds });
    discovered.set(issuer, asking);
    return asking;
  };
  const ofIssuers = config.issuers.map(async (spec) => {
    const path = `issuers.${spec.name}`;
    const { keys } = spec;
    if (keys.kind === 'static') return [staticKeys(spec, keys.jwks.keys, path)];
    if (keys.kind === 'url') return [await publishedKeys(spec, keys.url, { ...options, path })];
    const { metadata, findings } = await discover(keys.issuer, path, spec);
    if (!metadata) return findings;
    return [...findings, await discoveredKeys(spec, metadata, { ...options, path })];
  });
  const ofLogins = config.logins.map(async (login) => {
    const path = `issuers.${login.issuerName}`;
    const { metadata, findings } = await discover(login.issuer, path, login.idToken);
    return [...findings, ...loginFindings(login, metadata, config.publicUrl)];
  });
  return (await Promise.all([...ofIssuers, ...ofLogins])).flat();
}

interface Discovered {
  /** Undefined if there is none, or if it is for another issuer. */
  readonly metadata: JsonObject | undefined;
  readonly findings: readonly Finding[];
}

/** OIDC Discovery §4. Compares its `issuer` with ours byte for byte (§4.3). */
async function discovery(
  issuer: string,
  ask: Ask & { readonly leewaySeconds: number },
): Promise<Discovered> {
  const url = discoveryUrl(issuer);
  const answer = await askIssuer(url, ask);
  if ('level' in answer) return { metadata: undefined, findings: [answer] };
  const { ok, problem } = findingsOf(ask.path, `GET ${url}`);
  const { body, skewMilliseconds } = answer;
  const published = body['issuer'];
  const clock = skewMilliseconds === undefined ? [] : [clockFinding(issuer, skewMilliseconds, ask)];
  if (published === issuer) {
    return {
      metadata: body,
      findings: [ok('issuer', `its issuer is "${issuer}", as configured`), ...clock],
    };
  }
  const mismatch =
    typeof published === 'string'
      ? problem(
          'issuer-mismatch',
          `its issuer is "${published}", but the configuration has "${issuer}": ${issuerDifference(issuer, published)}`,
          `write issuer: "${published}" if you mean that issuer; tokens must match it byte for byte`,
        )
      : problem('not-discovery', 'the document names no issuer', 'check the address of the issuer');
  return { metadata: undefined, findings: [mismatch, ...clock] };
}

function discoveryUrl(issuer: string): string {
  const url = new URL(issuer);
  url.pathname = `${url.pathname}/.well-known/openid-configuration`.replace('//', '/');
  return url.href;
}

function clockFinding(
  issuer: string,
  skew: number,
  { path, leewaySeconds }: { readonly path: string; readonly leewaySeconds: number },
): Finding {
  const { ok, problem } = findingsOf(path, `clock of ${new URL(issuer).host}`);
  if (Math.abs(skew) <= leewaySeconds * 1000) {
    return ok('clock', skew === 0 ? 'agrees with this machine' : skewText(skew));
  }
  return problem(
    'clock-skew',
    `${skewText(skew)}; ${path}.leeway tolerates ${leewaySeconds} s`,
    'synchronize this machine by NTP (chronyc tracking, timedatectl); if the clock of the issuer is wrong, increase leeway',
  );
}

async function discoveredKeys(
  spec: IssuerSpec,
  metadata: JsonObject,
  ask: ProbeOptions & { path: string },
) {
  const { jwks_uri: uri } = metadata;
  if (typeof uri === 'string') return publishedKeys(spec, uri, ask);
  const { problem } = findingsOf(ask.path, `keys of ${spec.issuers.join(', ')}`);
  return problem(
    'no-keys',
    'the discovery document names no "jwks_uri"',
    `write the URL of the keys in ${ask.path}.jwksUri, or the keys themselves in ${ask.path}.jwks`,
  );
}

async function publishedKeys(
  { algorithms, allowInsecureHttp }: IssuerSpec,
  url: string,
  ask: ProbeOptions & { path: string },
): Promise<Finding> {
  const answer = await askIssuer(url, { ...ask, allowInsecureHttp });
  if ('level' in answer) return answer;
  const { keys } = answer.body;
  const tried = `GET ${url}`;
  if (Array.isArray(keys)) return keysFound(keys, algorithms, { path: ask.path, tried });
  return findingsOf(ask.path, tried).problem(
    'not-keys',
    'not a JSON Web Key Set: it has no list "keys"',
    'check the address of the keys',
  );
}

function staticKeys({ algorithms }: IssuerSpec, keys: readonly unknown[], path: string): Finding {
  return keysFound(keys, algorithms, { path, tried: 'keys in the configuration' });
}
