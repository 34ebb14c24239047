import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';
import type { Issued } from '../exchange.ts';
import { parsePublicKey } from '../nats/nkeys.ts';
import { addressOf } from './address.ts';
import type { Doors } from './doors.ts';
import { sendProblem } from './problem.ts';
import { exchangeBody, exchangeResponse, problem } from './schemas.ts';
import { presentedToken } from './subject-token.ts';

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
export function exchangeRoute(app: FastifyInstance, doors: Doors): void {
  app.post<{ Body: ExchangeBody | null | undefined }>('/exchange', {
    schema: {
      operationId: 'exchange',
      summary: 'Exchange an OIDC token for a NATS credential',
      description:
        'The token goes into the Authorization header, or into the body. With `Accept: text/plain` the answer is the `.creds` file itself.',
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
    onRequest: async (request, reply) => {
      const refusal = await doors.limitAddress(request);
      if (refusal) return sendProblem(reply, refusal);
    },
    handler: (request, reply) => answer(doors, request, reply),
  });
}

async function answer(
  doors: Doors,
  request: FastifyRequest<{ Body: ExchangeBody | null | undefined }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { token: bodyToken, role, ttl, nkey } = request.body ?? {};
  const live = doors.live();
  const presented = presentedToken(request, bodyToken, live.publicUrl);
  if (presented instanceof Refusal) return sendProblem(reply, presented);
  const userPublicKey = nkey === undefined ? undefined : parsePublicKey('user', nkey);
  if (nkey !== undefined && !userPublicKey) return sendProblem(reply, NKEY_INVALID);

  const issued = await doors.exchange({
    door: 'exchange',
    requestId: request.id,
    address: addressOf(request),
    subject: presented,
    ask: { role, ttlSeconds: ttl },
    userPublicKey,
    admit: (identity) => doors.limitIdentity(request, identity),
  });
  if (issued instanceof Refusal) return sendProblem(reply, issued, live.contact);

  reply.header('cache-control', 'no-store').header('vary', 'accept');
  if (wantsCreds(request)) {
    return reply.type('text/plain; charset=utf-8').send(asText(issued));
  }
  return reply.type('application/json; charset=utf-8').send(asJson(issued, live.servers));
}

const NKEY_INVALID = new Refusal(
  'nkey_invalid',
  'The nkey is not a public user key: it must start with U and its checksum must fit (nk -gen user -pubout prints one).',
);

/** `.creds` for those who ask for plain text before JSON: what `curl -H 'Accept: text/plain'` sends. */
function wantsCreds(request: FastifyRequest): boolean {
  const accept = request.headers.accept?.toLowerCase();
  if (!accept?.includes('text/plain')) return false;
  const plain = preference(accept, 'text/plain');
  const json = preference(accept, 'application/json');
  if (plain.weight === 0) return false;
  return plain.weight > json.weight || (plain.weight === json.weight && plain.place < json.place);
}

/** Weight (RFC 9110 §12.4.2) and place of a media type in an Accept header. */
function preference(accept: string, type: string): { weight: number; place: number } {
  const ranges = accept.split(',').map((range) => range.split(';').map((part) => part.trim()));
  const place = ranges.findIndex(([name]) => name === type);
  const q = ranges[place]?.find((parameter) => parameter.startsWith('q='));
  return { weight: place === -1 ? 0 : Number(q?.slice(2) ?? 1), place };
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
  };
}
