import { randomUUID } from 'node:crypto';
import { type Clock, unixSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { ExchangeRequest, Issued } from '../exchange-request.ts';
import type { RateLimits } from '../limits/rate-limits.ts';
import type { Origin } from '../audit/record.ts';
import { type CalloutRequest, parseCalloutRequest } from '../nats/callout/request.ts';
import { calloutResponse, type ResponseSigner } from '../nats/callout/response.ts';
import type { CurveKeyPair } from '../nats/curve-key-pair.ts';
import { Malformed } from '../nats/malformed.ts';
import { isPublicKey } from '../nats/nkeys.ts';
import { auditedClient, connectionOf } from './client.ts';
import { presented } from './presented.ts';
import type { SeenUsers } from './seen-users.ts';

/** A request as it came. */
export interface CalloutMessage {
  readonly data: Uint8Array;
  /** The header `Nats-Server-Xkey`; absent: the request is not sealed. */
  readonly sealedBy: string | undefined;
  /** Milliseconds (monotonic): an answer after that helps nobody. */
  readonly dueAt: number;
}

/** What answers are made of. Nothing here changes with a reload but what functions return. */
export interface AnswerParts {
  readonly exchange: (request: ExchangeRequest) => Promise<Issued | Refusal>;
  readonly limits: RateLimits;
  /** Records and counts a refusal from before the exchange. */
  readonly refuse: (origin: Origin, refusal: Refusal) => Promise<Refusal>;
  /** The account (`A…`) that requests are about: of the callout, or the issuer in nats-server.conf. */
  readonly askedOf: string;
  /** Whether a server (`N…`) is one of ours. */
  readonly isServer: (id: string) => boolean | Promise<boolean>;
  /** Undefined while no key signs. */
  readonly signer: () => ResponseSigner | undefined;
  readonly xkeys: readonly CurveKeyPair[];
  readonly userName: () => 'role' | 'any';
  readonly seen: SeenUsers;
  readonly clock: Clock;
  readonly monotonic: () => number;
  /** Requests came unsealed although there is an xkey. */
  readonly unsealed: (server: string) => void;
  readonly onFault: (requestId: string, fault: unknown) => void;
}

/**
 * Answers one request: with the JWT of a user, or with an error that the server logs. Every answer makes
 * the server decide at once; only silence would keep the client waiting. Never rejects.
 */
export async function answerRequest(parts: AnswerParts, message: CalloutMessage): Promise<Buffer> {
  const requestId = randomUUID();
  try {
    const read = readRequest(parts, message);
    if (!(read instanceof Refusal)) return await answer(parts, { ...read, requestId, message });
    const origin = { door: 'callout', requestId, address: '' } as const;
    return unreadable(await parts.refuse(origin, read), requestId);
  } catch (fault) {
    parts.onFault(requestId, fault);
    return Buffer.from(`fault ${requestId}`);
  }
}

/** No JWT: nobody knows for which user and server. Servers refuse the client because they cannot read it. */
function unreadable({ reason }: Refusal, requestId: string): Buffer {
  return Buffer.from(`${reason} ${requestId}`);
}

interface Read {
  readonly request: CalloutRequest;
  /** What seals the answer; absent: the request was not sealed. */
  readonly xkey: CurveKeyPair | undefined;
}

function readRequest(parts: AnswerParts, { data, sealedBy }: CalloutMessage): Read | Refusal {
  const opened =
    sealedBy === undefined ? { text: data, xkey: undefined } : open(parts, data, sealedBy);
  if (!opened) return CLOSED;
  const { xkey } = opened;
  const text = Buffer.from(opened.text).toString('latin1');
  const request = parseCalloutRequest(text, unixSeconds(parts.clock));
  if (request instanceof Malformed) return invalid(request.problem);
  if (request.askedOf !== parts.askedOf) {
    return invalid('it is for a different account, or for another issuer in nats-server.conf');
  }
  if (sealedBy !== undefined && request.server.xkey !== sealedBy) {
    return invalid('it was sealed by a different key than it names');
  }
  if (sealedBy === undefined && parts.xkeys.length > 0) parts.unsealed(request.server.name);
  return { request, xkey };
}

function open({ xkeys }: AnswerParts, data: Uint8Array, sender: string) {
  if (!isPublicKey('curve', sender)) return undefined;
  for (const xkey of xkeys) {
    const text = xkey.open(data, sender);
    if (text) return { text, xkey };
  }
  return undefined;
}

interface Asked extends Read {
  readonly requestId: string;
  readonly message: CalloutMessage;
}

async function answer(parts: AnswerParts, asked: Asked): Promise<Buffer> {
  const { requestId, request, xkey, message } = asked;
  const signer = parts.signer();
  if (!signer) return unreadable(await refuseEarly(parts, asked, NO_KEY), requestId);
  const decided = await inTime(parts, message, decide(parts, asked));
  const said =
    decided instanceof Refusal
      ? { error: `${decided.reason} ${requestId}` }
      : { jwt: decided.credential.jwt };
  const target = {
    server: request.server.id,
    userPublicKey: request.userPublicKey,
    issuedAt: unixSeconds(parts.clock),
  };
  const response = Buffer.from(calloutResponse(signer, target, said));
  const recipient = request.server.xkey;
  // By the key that opened the request: the server may not know a newer one yet.
  return xkey && recipient !== undefined ? xkey.seal(response, recipient) : response;
}

async function decide(parts: AnswerParts, asked: Asked): Promise<Issued | Refusal> {
  const { requestId, request, message } = asked;
  const { server, userPublicKey, expiresAt, connection, sent } = request;
  const known = parts.isServer(server.id);
  if (!(typeof known === 'boolean' ? known : await known)) {
    return refuseEarly(parts, asked, SERVER_UNKNOWN);
  }
  if (!parts.seen.add(userPublicKey, expiresAt, unixSeconds(parts.clock))) {
    return refuseEarly(parts, asked, REPLAYED);
  }
  const tooMany = await parts.limits.address('access', connection.host);
  if (tooMany) return refuseEarly(parts, asked, tooMany);
  const found = presented(sent, { userName: parts.userName() });
  if (found instanceof Refusal) return refuseEarly(parts, asked, found);
  return parts.exchange({
    ...originOf(requestId, request),
    subject: { token: found.token },
    ask: { role: found.role },
    userPublicKey,
    connection: connectionOf(request),
    isAwaited: () => parts.monotonic() < message.dueAt,
    admit: async (identity) => parts.limits.identity(identity),
  });
}

/** What comes after the deadline is dropped: the server has refused the client by then. */
async function inTime(
  { monotonic }: AnswerParts,
  { dueAt }: CalloutMessage,
  decided: Promise<Issued | Refusal>,
): Promise<Issued | Refusal> {
  const { promise: late, resolve } = Promise.withResolvers<Refusal>();
  const timer = setTimeout(() => resolve(TOO_LATE), Math.max(0, dueAt - monotonic()));
  try {
    return await Promise.race([decided, late]);
  } finally {
    clearTimeout(timer);
  }
}

function refuseEarly(
  parts: AnswerParts,
  { requestId, request }: Asked,
  refusal: Refusal,
): Promise<Refusal> {
  return parts.refuse(originOf(requestId, request), refusal);
}

function originOf(requestId: string, request: CalloutRequest) {
  return {
    door: 'callout',
    requestId,
    address: request.connection.host,
    client: auditedClient(request),
  } as const;
}

function invalid(detail: string): Refusal {
  return new Refusal('callout_request_invalid', 'This is not a request of a NATS server.', {
    detail,
  });
}

const CLOSED = new Refusal(
  'callout_unreadable',
  'The request is sealed for a different xkey than nats-sts has.',
  { detail: 'give callout.xkey the seed of the xkey that the servers use' },
);
const SERVER_UNKNOWN = new Refusal(
  'callout_server_unknown',
  'The request is signed by a server that is not one of ours.',
  {
    detail:
      'no server of nats.system or callout.servers has this id: configure nats.system, or list all servers',
  },
);
const REPLAYED = new Refusal('callout_replayed', 'The request was answered before.');
const NO_KEY = new Refusal(
  'signing_key_unavailable',
  'No key of the account of the auth callout can sign now. Try again soon.',
  { retryAfterSeconds: 5 },
);
const TOO_LATE = new Refusal('answer_too_late', 'The answer took too long. Connect again.', {
  retryAfterSeconds: 1,
});
