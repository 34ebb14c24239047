import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';
import type { Issued } from '../exchange-request.ts';
import { parsePublicKey } from '../nats/nkeys.ts';
import { inboxPrefix } from '../policy/inbox.ts';
import { newPermissions, ttlCapped } from './credential-answer.ts';
import type { RouteDeps } from './deps.ts';
import { sendProblem } from './refusals/problem.ts';
import { addressOf } from './request/address.ts';
import { refusalBeforeBody } from './request/before-body.ts';
import { presentedToken } from './request/subject-token.ts';
import { exchangeBody, exchangeResponse, problem } from './schemas.ts';

interface ExchangeBody {
  readonly token?: string;
  readonly role?: string;
  readonly ttl?: number;
  readonly nkey?: string;
}

const problemResponse = {
  description: 'Refused',
  content: { 'application/problem+json': { schema: problem } },
};

/** `POST /exchange`: a subject token in, a NATS credential out. */
export function exchangeRoute(app: FastifyInstance, deps: RouteDeps): void {
  app.post<{ Body: ExchangeBody | null | undefined }>('/exchange', {
    schema: {
      operationId: 'exchange',
      summary: 'Exchange an OIDC token for a NATS credential',
      description:
        'Send the token in the Authorization header or in the body. With `Accept: text/plain` the answer is the `.creds` file itself, with `ttl_capped_by`, `new_permissions_in` and `inbox_prefix` as the headers `Ttl-Capped-By`, `New-Permissions-In` and `Inbox-Prefix`. A null member counts as left out.',
      security: [{ subjectToken: [] }, {}],
      consumes: ['application/json'],
      produces: ['application/json', 'text/plain'],
      body: exchangeBody,
      response: {
        200: {
          description: 'The credential',
          content: {
            'application/json': { schema: exchangeResponse },
            'text/plain': { schema: { type: 'string', description: 'A `.creds` file.' } },
          },
        },
        '4xx': problemResponse,
        '5xx': problemResponse,
      },
    },
    onRequest: (request, reply, done) => {
      const proceed = (refusal: Refusal | undefined): void => {
        if (refusal) sendProblem(reply, refusal);
        else done();
      };
      const refusal = refusalBeforeBody(deps, request);
      if (refusal instanceof Promise) refusal.then(proceed, done);
      else proceed(refusal);
    },
    handler: (request, reply) => answer(deps, request, reply),
  });
}

async function answer(
  deps: RouteDeps,
  request: FastifyRequest<{ Body: ExchangeBody | null | undefined }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { token: bodyToken, role, ttl, nkey } = request.body ?? {};
  const presented = presentedToken(request, bodyToken, deps.live().publicUrl);
  if (presented instanceof Refusal) return sendProblem(reply, presented);
  const userPublicKey = nkey === undefined ? undefined : parsePublicKey('user', nkey);
  if (nkey !== undefined && !userPublicKey) return sendProblem(reply, NKEY_INVALID);

  const issued = await deps.exchange({
    door: 'exchange',
    requestId: request.id,
    address: addressOf(request),
    subject: presented,
    ask: { role, ttlSeconds: ttl },
    userPublicKey,
    admit: (identity) => deps.limitIdentity(request, identity),
  });
  const live = deps.live();
  if (issued instanceof Refusal) return sendProblem(reply, issued, live.contact);

  reply.header('cache-control', 'no-store').header('vary', 'accept');
  const capped = ttlCapped(issued, ttl);
  const changing = newPermissions(issued);
  if (wantsCreds(request)) {
    if (capped.ttl_capped_by) reply.header('ttl-capped-by', capped.ttl_capped_by);
    if (changing.new_permissions_in !== undefined) {
      reply.header('new-permissions-in', String(changing.new_permissions_in));
    }
    const inbox = inboxPrefix(issued.grant.subscribe);
    if (inbox !== undefined) reply.header('inbox-prefix', inbox);
    return reply.type(CREDS_TYPE).send(asText(issued));
  }
  const body = { ...asJson(issued, live.servers), ...capped, ...changing };
  // Takes less time than a serializer made from the schema.
  return reply.type(JSON_TYPE).send(JSON.stringify(body));
}

/** With the parameter, which callers may ask for, too (RFC 9110 §12.5.1). */
const JSON_TYPE = 'application/json; charset=utf-8';
const CREDS_TYPE = 'text/plain; charset=utf-8';

const NKEY_INVALID = new Refusal(
  'nkey_invalid',
  'The nkey is not a public user key: it must start with U and have a valid checksum. Create one with nk -gen user -pubout.',
);

/** `.creds` for callers that prefer plain text to JSON (`curl -H 'Accept: text/plain'`); those that accept neither get JSON. */
function wantsCreds(request: FastifyRequest): boolean {
  // The usual case needs no negotiation.
  if (request.headers.accept === undefined) return false;
  return request.accepts().type([JSON_TYPE, CREDS_TYPE]) === CREDS_TYPE;
}

function asText({ credential }: Issued): string {
  return credential.creds ?? `${credential.jwt}\n`;
}

function asJson({ credential, grant }: Issued, servers: readonly string[]) {
  return {
    jwt: credential.jwt,
    seed: credential.seed,
    creds: credential.creds,
    role: grant.role.name,
    account: credential.account,
    subject: credential.userPublicKey,
    issuer: credential.signingKey,
    issued_at: credential.issuedAt,
    expires_at: credential.expiresAt,
    expires_in: credential.expiresAt - credential.issuedAt,
    servers,
    inbox_prefix: inboxPrefix(grant.subscribe),
  };
}
