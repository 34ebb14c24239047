import type { z } from 'zod';
import { CliError, ExitCode } from '../exit-codes.ts';
import { notOurs, readJson, refusalFacts, retryAfterSeconds, send } from '../service-call.ts';
import { harmless } from '../terminal.ts';

/** An answer of an OAuth endpoint has at most one credential. */
const MAX_ANSWER_BYTES = 256 * 1024;
const MAX_SHOWN = 300;

/** The refusal of an endpoint (RFC 6749 §5.2). */
export class OAuthRefusal {
  /** `error`, e.g. `invalid_grant`; untrusted text. */
  readonly error: string;
  /** For people: one line, made harmless. */
  readonly message: string;
  /** A later request may succeed. */
  readonly temporary: boolean;
  readonly retryAfterSeconds: number | undefined;

  constructor(response: Response, { error, error_description, request_id }: OAuthError) {
    const { status, headers } = response;
    this.error = error;
    this.retryAfterSeconds = retryAfterSeconds(headers);
    this.temporary = status >= 500 || status === 429 || error === 'temporarily_unavailable';
    const words = [
      error,
      typeof error_description === 'string' ? `: ${error_description}` : '',
      refusalFacts(this.retryAfterSeconds, request_id),
    ];
    this.message = shown(words.join(''));
  }
}

interface OAuthError {
  readonly error: string;
  readonly error_description?: unknown;
  readonly request_id?: unknown;
}

const DENIALS: ReadonlySet<string> = new Set([
  'access_denied',
  'invalid_grant',
  'invalid_scope',
  'invalid_client',
]);

/** The error that ends the command; `hint` is a line of ours. */
export function refusalError(refusal: OAuthRefusal, hint?: string): CliError {
  const exitCode = refusal.temporary
    ? ExitCode.unavailable
    : DENIALS.has(refusal.error)
      ? ExitCode.denied
      : ExitCode.failed;
  return new CliError(exitCode, hint ? `${refusal.message}\n${hint}` : refusal.message);
}

/**
 * Posts a form, without the fields that are undefined.
 *
 * @throws CliError if the service cannot be reached, or the answer is not from nats-sts.
 */
export async function postForm<T>(
  url: URL,
  form: Readonly<Record<string, string | undefined>>,
  schema: z.ZodType<T>,
): Promise<T | OAuthRefusal> {
  const given = Object.entries(form).filter((entry): entry is [string, string] => !!entry[1]);
  const response = await send(url, { method: 'POST', body: new URLSearchParams(given) });
  const said = await readJson(response, MAX_ANSWER_BYTES);
  if (!response.ok && isOAuthError(said)) return new OAuthRefusal(response, said);
  return understood(url, response, { said, schema });
}

/** Reads a document of the service. Throws as `postForm` does. */
export async function getDocument<T>(url: URL, schema: z.ZodType<T>): Promise<T> {
  const response = await send(url, { method: 'GET' });
  return understood(url, response, { said: await readJson(response, MAX_ANSWER_BYTES), schema });
}

function understood<T>(
  url: URL,
  { ok, status }: Response,
  { said, schema }: { said: unknown; schema: z.ZodType<T> },
): T {
  const read = schema.safeParse(said);
  if (ok && read.success) return read.data;
  if (!ok && isProblem(said)) {
    const exitCode = status >= 500 || status === 429 ? ExitCode.unavailable : ExitCode.failed;
    throw new CliError(exitCode, shown(`${said.code}: ${said.detail}`));
  }
  throw notOurs(url, status);
}

function isOAuthError(said: unknown): said is OAuthError {
  return isObject(said) && typeof said['error'] === 'string';
}

/** RFC 9457, the errors of the other routes. */
function isProblem(said: unknown): said is { code: string; detail: string } {
  return isObject(said) && typeof said['code'] === 'string' && typeof said['detail'] === 'string';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Untrusted text in an error, shortened to what a person reads. */
export function shown(text: string): string {
  const short = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return harmless(short);
}
