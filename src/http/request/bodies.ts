import formbody from '@fastify/formbody';
import { errorCodes, type FastifyInstance } from 'fastify';
import { type JsonProblem, parseStrictObject } from '../../identity/strict-json.ts';

/** Accepts JSON bodies, and no other content type. */
export function readJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    (_request, body, done) => {
      if (isEmpty(body)) return done(null, null);
      const value = parseBody(body.replace(/^\uFEFF/, ''));
      if (value instanceof UnreadableBody) done(value);
      else done(null, value);
    },
  );
  acceptEmptyBodies(app);
  dropNulls(app);
}

/** A body that is not valid JSON for nats-sts, with the status and code that Fastify's errors have. */
class UnreadableBody extends Error {
  readonly statusCode = 400;
  readonly code: string;

  constructor(code: JsonProblem) {
    super('The body cannot be read.');
    this.code = code;
  }
}

/** As strict as for tokens: if a member is repeated, a proxy may have read the other one. */
function parseBody(text: string): unknown {
  const read = parseStrictObject(text);
  if (typeof read !== 'string') return read;
  // Schema validation says what it should have been.
  return read === 'not_an_object' ? JSON.parse(text) : new UnreadableBody(read);
}

/** Accepts form bodies, and no other content type. */
export async function readForms(app: FastifyInstance, bodyLimit: number): Promise<void> {
  app.removeAllContentTypeParsers();
  await app.register(formbody, { bodyLimit });
  acceptEmptyBodies(app);
}

/** Many clients send a content type even without a body: an empty body counts as none, whatever its type. */
function acceptEmptyBodies(app: FastifyInstance): void {
  app.addHook('onRequest', ({ raw: { headers } }, _reply, done) => {
    const chunked = headers['transfer-encoding'] !== undefined;
    const isEmpty = !chunked && Number(headers['content-length'] ?? 0) === 0;
    if (isEmpty && headers['content-type'] !== undefined) delete headers['content-type'];
    done();
  });
  // A chunked body turns out to be empty only when it is read.
  app.addContentTypeParser<string>('*', { parseAs: 'string' }, (_request, body, done) => {
    done(isEmpty(body) ? null : new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE(), null);
  });
}

/** Some clients send `null` for omitted members. Schemas allow null for optional members; handlers never see it. */
function dropNulls(app: FastifyInstance): void {
  app.addHook('preHandler', ({ body }, _reply, done) => {
    if (typeof body === 'object' && body !== null) {
      const members = body as Record<string, unknown>;
      for (const name of Object.keys(members)) if (members[name] === null) delete members[name];
    }
    done();
  });
}

/** Only whitespace, or a byte order mark. */
function isEmpty(body: string): boolean {
  return body.trim() === '';
}
