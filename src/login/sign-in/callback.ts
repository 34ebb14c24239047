/** What the issuer says through the browser (RFC 6749 §4.1.2, RFC 9207): anybody can have written it. */
export interface Callback {
  /** Where it came to, as it came. */
  readonly path: string;
  readonly state: string;
  readonly code: string | undefined;
  readonly iss: string | undefined;
  readonly error: string | undefined;
  readonly errorDescription: string | undefined;
}

/** Undefined when there is no `state`, or when a parameter stands there twice (RFC 6749 §3.1). */
export function readCallback(url: string): Callback | undefined {
  const start = url.indexOf('?');
  const parameters = new URLSearchParams(start === -1 ? '' : url.slice(start));
  const names = ['state', 'code', 'iss', 'error', 'error_description'];
  if (names.some((name) => parameters.getAll(name).length > 1)) return undefined;
  const read = (name: string) => parameters.get(name) ?? undefined;
  const state = read('state');
  if (state === undefined || state === '') return undefined;
  return {
    path: start === -1 ? url : url.slice(0, start),
    state,
    code: read('code'),
    iss: read('iss'),
    error: read('error'),
    errorDescription: read('error_description'),
  };
}
