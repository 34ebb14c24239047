import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import { sendOAuthError, sendOAuthFault } from '../oauth/error.ts';
import { sendFault, sendProblem } from './problem.ts';
import { shownNames } from './shown-names.ts';

declare module 'fastify' {
  interface FastifySchema {
    /** A page for humans: left out of openapi.yaml. */
    hide?: boolean;
  }
  interface FastifyContextConfig {
    /** The form of this route's errors; the default is problem details. */
    errors?: 'oauth' | 'page';
  }
}

/** Renders errors as pages; see `pages/refusal-page.ts`. */
export interface ErrorPages {
  refusal(reply: FastifyReply, refusal: Refusal): FastifyReply;
  fault(reply: FastifyReply): FastifyReply;
}

/** Sends every error in the form that its route uses. Register it before the routes. */
export function handleErrors(
  app: FastifyInstance,
  onFault: (requestId: string, fault: unknown) => void,
  pages: ErrorPages = NO_PAGES,
): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const forms = { page: pages, oauth: OAUTH, problem: NO_PAGES }[formOf(request)];
    const refusal = fromFastify(error, request, reply);
    if (refusal) return forms.refusal(reply, refusal);
    onFault(request.id, error);
    return forms.fault(reply);
  });
  const methods = methodsByPath(app);
  // Before the body is read, since nothing needs it.
  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404) sendNotFound(request, reply);
    else done();
  });
  app.setNotFoundHandler(sendNotFound);

  function sendNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const forms = isReadByPeople(request) ? pages : NO_PAGES;
    return forms.refusal(reply.header('vary', 'accept'), notFound(methods, request, reply));
  }
}

/** Browsers must not guess the content type (Fetch §3.6). */
export const NO_SNIFFING = ['x-content-type-options', 'nosniff'] as const;

/** Set on all answers that pass the app's hooks. Register it first. */
export function forbidSniffing(app: FastifyInstance): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header(...NO_SNIFFING);
    done();
  });
}

/** A path that cannot be decoded never reaches the router's hooks. */
export function answerBadUrl(pages: ErrorPages = NO_PAGES) {
  const refusal = new Refusal('request_malformed', 'The URL path is malformed.');
  return (_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    reply.header('vary', 'accept').header(...NO_SNIFFING);
    const forms = isReadByPeople(request) ? pages : NO_PAGES;
    void forms.refusal(reply, refusal);
  };
}

const NO_PAGES: ErrorPages = { refusal: sendProblem, fault: sendFault };
const OAUTH: ErrorPages = { refusal: sendOAuthError, fault: sendOAuthFault };

function formOf(request: FastifyRequest): 'oauth' | 'page' | 'problem' {
  return request.routeOptions.config?.errors ?? 'problem';
}

/** Browsers accept text/html explicitly when they navigate; programs do not. */
function isReadByPeople({ headers: { accept } }: FastifyRequest): boolean {
  return accept?.includes('text/html') === true;
}

/** Maps Fastify's own refusals; undefined for an internal fault. */
function fromFastify(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): Refusal | undefined {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Refusal('body_too_large', 'The body is larger than this service accepts.');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_INVALID_TYPE':
      return otherContentType(request, reply);
    case 'FST_ERR_VALIDATION':
      return new Refusal('parameter_invalid', `The request is not valid: ${describe(error)}.`);
    case 'duplicate_name':
      return new Refusal('parameter_repeated', 'The body repeats a member: send each member once.');
    default:
      if (error.statusCode === undefined || error.statusCode >= 500) return undefined;
      return new Refusal('request_malformed', 'The body cannot be read.', {
        detail: error.code,
      });
  }
}

const FORM = 'application/x-www-form-urlencoded';

/** Says which content type to use, in the message and as RFC 9110 §15.5.16 has it. */
function otherContentType({ routeOptions }: FastifyRequest, reply: FastifyReply): Refusal {
  const { schema, config } = routeOptions;
  const taken = schema?.consumes?.[0] ?? (config?.errors === 'page' ? FORM : undefined);
  if (taken !== undefined) reply.header('accept', taken);
  return new Refusal(
    'content_type_unsupported',
    taken === undefined
      ? 'This route takes no body: send none.'
      : `Send the body as Content-Type: ${taken}.`,
  );
}

/** The validator's message, which names our schema and never the caller's values. */
function describe({ validation }: FastifyError): string {
  const first = validation?.[0];
  if (!first) return 'it does not match the schema';
  const where = first.instancePath === '' ? 'the body' : first.instancePath.slice(1);
  const types = first.params['type'];
  if (first.keyword === 'type') return `${where} must be ${typeWords([types].flat())}`;
  if (first.keyword === 'additionalProperties') {
    return `${where} must not have ${shownNames([String(first.params['additionalProperty'])], 'unknown members')}`;
  }
  return `${where} ${first.message ?? 'does not match the schema'}`;
}

/** JSON Schema types in words. `null` is left out: it only says that the body is optional. */
function typeWords(types: readonly unknown[]): string {
  const words = types
    .filter((type) => type !== 'null')
    .map((type) => (/^[aeiou]/.test(String(type)) ? `an ${String(type)}` : `a ${String(type)}`));
  return words.join(' or ');
}

/** Path → the methods of its routes. Looked up here because the router would treat a stranger's path as a pattern. */
function methodsByPath(app: FastifyInstance): ReadonlyMap<string, ReadonlySet<string>> {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set();
    for (const name of [method].flat()) known.add(name);
    methods.set(url, known);
  });
  return methods;
}

function notFound(
  methods: ReadonlyMap<string, ReadonlySet<string>>,
  request: FastifyRequest,
  reply: FastifyReply,
): Refusal {
  // The request line may contain the whole URL (RFC 9112 §3.2.2).
  const path = request.url.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)[0] ?? '';
  const allowed = [...(methods.get(path) ?? methods.get(patternOf(path, methods)) ?? [])];
  if (allowed.length === 0) {
    return new Refusal('not_found', 'This path does not exist; /openapi.yaml lists all paths.');
  }
  reply.header('allow', allowed.join(', '));
  return new Refusal('method_not_allowed', `Use ${allowed.join(' or ')} here.`);
}

/** The route pattern with parameters that this path matches; empty if there is none. */
function patternOf(path: string, methods: ReadonlyMap<string, unknown>): string {
  const asked = path.split('/');
  const fits = (pattern: string): boolean => {
    const parts = pattern.split('/');
    return (
      parts.length === asked.length &&
      parts.every((part, index) => part === asked[index] || (part.startsWith(':') && asked[index]))
    );
  };
  return [...methods.keys()].find((pattern) => pattern.includes(':') && fits(pattern)) ?? '';
}
