import type { Config } from '../../config/config.ts';
import { systemErrorCode } from '../../identity/guarded-fetch.ts';
import { isLoopback } from '../../config/addresses.ts';
import { isJsonObject } from '../../identity/strict-json.ts';
import { remedyOf } from './fetch-fault.ts';
import { type Finding, findingsOf, type ProbeOptions } from './finding.ts';

/** Tests whether the URL for callers and browsers leads here. The service need not be running. */
export async function probePublicUrl(
  { publicUrl, listen }: Config,
  { timeoutMilliseconds }: ProbeOptions,
): Promise<Finding[]> {
  const url = `${publicUrl}/.well-known/oauth-authorization-server`;
  const { ok, note, warning, problem } = findingsOf('publicUrl', `GET ${url}`);
  const onlyHere: Finding[] = [];
  if (isLoopback(new URL(publicUrl).hostname) && !isLoopback(listen.host)) {
    onlyHere.push(
      findingsOf('publicUrl', publicUrl).warning(
        'public-url-loopback',
        `the service listens on ${listen.host}, but callers get a loopback URL, which leads to their own machine`,
        'write publicUrl: https://… as callers reach it',
      ),
    );
  }
  try {
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    const response = await fetch(url, { redirect: 'manual', signal });
    const text = await response.text();
    const body = response.status === 200 ? jsonOf(text) : undefined;
    const issuer = isJsonObject(body) ? body['issuer'] : undefined;
    if (issuer === publicUrl)
      return [...onlyHere, ok('public-url', 'a nats-sts with this publicUrl answers there')];
    if (typeof issuer === 'string') {
      return [...onlyHere, problem('public-url', `the response is from "${issuer}"`, ELSEWHERE)];
    }
    return [
      ...onlyHere,
      problem('public-url', `status ${response.status}, not from nats-sts`, ELSEWHERE),
    ];
  } catch (fault) {
    const code = systemErrorCode(fault);
    const { id, todo } = remedyOf(fault);
    const shown = code === undefined ? 'no answer' : `no answer (${code})`;
    if (id === 'tls') return [...onlyHere, problem('tls', shown, todo)];
    // Before the first start, nothing answers, and the URL may not be reachable from here.
    if (code === 'ECONNREFUSED')
      return [...onlyHere, note('public-url', `${shown}: fine while the service is not running`)];
    return [
      ...onlyHere,
      warning(
        'public-url',
        shown,
        `${todo}; ignore this if the URL is not meant to be reachable from here`,
      ),
    ];
  }
}

const ELSEWHERE =
  'write the URL at which callers reach this nats-sts, or fix the proxy in front of it';

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
