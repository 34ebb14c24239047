import { FetchFailed, guardedRequest } from '../../identity/guarded-fetch.ts';
import { isJsonObject, type JsonObject } from '../../identity/strict-json.ts';
import { type Clock } from '../../clock.ts';
import { remedyOf } from './fetch-fault.ts';
import { type Finding, findingsOf } from './finding.ts';
import { skewBetween } from './skew.ts';

export interface Ask {
  /** Path of the setting that this is about. */
  readonly path: string;
  readonly allowInsecureHttp: boolean;
  readonly timeoutMilliseconds: number;
  readonly clock: Clock;
}

export interface IssuerAnswer {
  readonly body: JsonObject;
  /** How far the issuer's clock is ahead of ours, in milliseconds. Undefined if the answer has no date. */
  readonly skewMilliseconds: number | undefined;
}

/** Fetches a JSON object from an issuer like the service does, or returns why that failed. */
export async function askIssuer(url: string, ask: Ask): Promise<IssuerAnswer | Finding> {
  const { path, allowInsecureHttp, timeoutMilliseconds, clock } = ask;
  const { problem } = findingsOf(path, `GET ${url}`);
  let seen: Response | undefined;
  const request = guardedRequest({
    allowInsecureHttp,
    timeoutMilliseconds,
    fetch: async (target, init) => {
      seen = await fetch(target, init);
      return seen;
    },
  });
  const begun = clock.now();
  let response: Response;
  try {
    response = await request(url, { method: 'GET', headers: { accept: 'application/json' } });
  } catch (fault) {
    if (!(fault instanceof FetchFailed)) throw fault;
    const location = seen?.headers.get('location');
    if (seen && location) return problem('redirect', `${fault.message}: to ${location}`, REDIRECT);
    if (seen)
      return problem(
        'answer',
        fault.message,
        'try again later, or contact the operator of the issuer',
      );
    const { id, todo } = remedyOf(fault);
    return problem(id, fault.message, todo);
  }
  const text = await response.text();
  const { status, headers } = response;
  if (status !== 200)
    return problem('answer', `status ${status}${typeOf(headers)}`, statusTodo(status));
  const body = parse(text);
  if (!body)
    return problem('not-json', `status 200, but not a JSON object${typeOf(headers)}`, NOT_JSON);
  return { body, skewMilliseconds: skewOf(headers, begun, clock.now()) };
}

const REDIRECT = 'configure the target of the redirect, because nats-sts does not follow redirects';
const NOT_JSON = 'check the address, and that no login page or proxy answers instead';

function statusTodo(status: number): string {
  if (status === 404) return 'check the path of the issuer, including realm, tenant, and version';
  if (status === 401 || status === 403) return 'allow this machine to read it without signing in';
  return 'check the address, or contact the operator of the issuer';
}

function typeOf(headers: Headers): string {
  const [type = ''] = (headers.get('content-type') ?? '').split(';');
  return type === '' ? '' : ` (${type.trim()})`;
}

function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 9110 §6.6.1: whole seconds; a cached response (RFC 9111 §5.1) is older by its Age. */
function skewOf(headers: Headers, begun: number, ended: number): number | undefined {
  const date = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(date)) return undefined;
  const age = Number(headers.get('age') ?? 0) * 1000;
  const told = date + (Number.isFinite(age) ? age : 0);
  return skewBetween({ earliest: told, latest: told + 1000 }, { begun, ended });
}
