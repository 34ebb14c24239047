import { isJsonObject, type JsonObject } from './strict-json.ts';
import { decodeText } from './text-encoding.ts';

/** The part of the Fetch API that nats-sts uses; the global `fetch` is one. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What an issuer answered. */
interface FetchedJson {
  readonly body: JsonObject;
  /** `Cache-Control: max-age`, when it says one (RFC 9111 §5.2.2.1). */
  readonly maxAgeSeconds: number | undefined;
}

/** Gets a JSON object from an issuer's URL. Rejects with `FetchFailed`, and nothing else. */
export type GuardedFetch = (url: string, signal?: AbortSignal) => Promise<FetchedJson>;

/**
 * A fetch that did not bring a JSON object. The message names the host and our own words for what
 * went wrong, never anything that the other side sent.
 */
export class FetchFailed extends Error {
  override readonly name = 'FetchFailed';
}

/** Libraries that are given a fetch of ours wrap what it throws. */
export function fetchFailureIn(error: unknown): FetchFailed | undefined {
  if (error instanceof FetchFailed) return error;
  return error instanceof Error ? fetchFailureIn(error.cause) : undefined;
}

export interface GuardedFetchOptions {
  /** Plain http, for loopback hosts only. */
  readonly allowInsecureHttp: boolean;
  /** For tests and tracing; the global `fetch` otherwise. */
  readonly fetch?: Fetch | undefined;
  readonly timeoutMilliseconds?: number;
  readonly maxBodyBytes?: number;
}

/**
 * A request to an issuer. Rejects with `FetchFailed`, and nothing else: also for redirects and for
 * answers of 500 and above, of which nothing is read. What it answers has been read to its end.
 */
export type GuardedRequest = (url: string, init: RequestInit) => Promise<Response>;

/** Gets JSON objects from an issuer, by the rules of `guardedRequest`. */
export function guardedFetch(options: GuardedFetchOptions): GuardedFetch {
  return async (url, signal) => {
    const init = {
      method: 'GET',
      headers: { accept: 'application/json' },
      ...(signal && { signal }),
    };
    const { host, headers, bytes } = await send(options, url, init, (status) => status === 200);
    const body = parseJson(bytes);
    if (body === undefined) throw new FetchFailed(`${host} did not answer with a JSON object`);
    return { body, maxAgeSeconds: maxAge(headers.get('cache-control')) };
  };
}

/** For libraries that make their own requests: the same rules apply to token endpoints as to key sets. */
export function guardedRequest(options: GuardedFetchOptions): GuardedRequest {
  return async (url, init) => {
    const { status, headers, bytes } = await send(options, url, init, (status) => status < 500);
    return new Response(bytes.length === 0 ? null : new Uint8Array(bytes), { status, headers });
  };
}

interface Answer {
  readonly host: string;
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

/**
 * The only place that asks issuers anything, and the rules it keeps: https (or http to loopback
 * where the operator said so), no user info, no redirects, 5 seconds, 512 KiB.
 */
async function send(
  options: GuardedFetchOptions,
  text: string,
  init: RequestInit,
  isWanted: (status: number) => boolean,
): Promise<Answer> {
  const { fetch = globalThis.fetch, timeoutMilliseconds = 5_000, maxBodyBytes } = options;
  const url = allowedUrl(text, options.allowInsecureHttp);
  const limit = AbortSignal.timeout(timeoutMilliseconds);
  const signal = init.signal ? AbortSignal.any([limit, init.signal]) : limit;
  try {
    const response = await fetch(url.href, { ...init, redirect: 'manual', signal });
    await refuseStatus(url, response, isWanted);
    const bytes = await readUpTo(url, response, maxBodyBytes ?? 512 * 1024);
    return { host: url.host, status: response.status, headers: response.headers, bytes };
  } catch (cause) {
    if (cause instanceof FetchFailed) throw cause;
    const what = limit.aborted
      ? `did not answer within ${timeoutMilliseconds} ms`
      : `could not be reached${errorCode(cause)}`;
    throw new FetchFailed(`${url.host} ${what}`, { cause });
  }
}

/**
 * Checked here again although the configuration was: a `jwks_uri`, and where a browser is sent,
 * come from the issuer. Throws `FetchFailed`.
 */
export function allowedUrl(text: string, allowInsecureHttp: boolean): URL {
  const url = URL.parse(text);
  if (url === null) throw new FetchFailed('the address is not a URL');
  if (url.username !== '' || url.password !== '') {
    throw new FetchFailed('the address contains user info');
  }
  const secure = url.protocol === 'https:';
  const insecureButAllowed =
    url.protocol === 'http:' && allowInsecureHttp && isLoopback(url.hostname);
  if (!secure && !insecureButAllowed) {
    throw new FetchFailed('the address is neither https nor an allowed http address on loopback');
  }
  return url;
}

/** Of a parsed URL's host, which spells IPv4 addresses in one way only (127.1 is 127.0.0.1 there). */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

async function refuseStatus(
  url: URL,
  { status, body }: Response,
  isWanted: (status: number) => boolean,
): Promise<void> {
  const redirected = status >= 300 && status < 400;
  if (!redirected && isWanted(status)) return;
  await body?.cancel();
  const what = redirected ? 'redirects, and redirects are not followed' : `answered ${status}`;
  throw new FetchFailed(`${url.host} ${what}`);
}

/** Counts what comes out of the decoder, so that a small compressed body can't become a large one. */
async function readUpTo(url: URL, response: Response, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early cancels the stream, and with it the connection.
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > maxBytes) throw new FetchFailed(`${url.host} sent more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/**
 * What the body is decides, not what its label says: key sets in object stores often come as
 * `application/octet-stream`.
 */
function parseJson(bytes: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(decodeText(bytes));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function maxAge(cacheControl: string | null): number | undefined {
  const seconds = /(?:^|[\s,])max-age="?(\d{1,9})/i.exec(cacheControl ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

function errorCode(error: unknown): string {
  const code = systemErrorCode(error);
  return code === undefined ? '' : ` (${code})`;
}

/** The operating system's word for it (`ECONNREFUSED`, `CERT_HAS_EXPIRED`): ours to show, unlike a message. */
export function systemErrorCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code: unknown = 'code' in at ? at.code : undefined;
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return code;
  }
  return undefined;
}
