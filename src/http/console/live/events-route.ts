import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { html } from '@remix-run/html-template';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../../errors.ts';
import type { Session } from '../../../login/session.ts';
import { commonHeaders } from '../../pages/headers.ts';
import { stopIcon } from '../../pages/icons.ts';
import { sendPage } from '../../pages/page.ts';
import { reference, sendRefusalPage } from '../../pages/refusal-page.ts';
import { pageRoute } from '../../pages/route.ts';
import { sessionOf } from '../../pages/session.ts';
import { authenticated } from '../administrator.ts';
import type { ConsoleDeps, ConsolePart, ConsolePageDeps } from '../deps.ts';
import { newsStream } from './change-stream.ts';

/** Enough for everyone who has the console open; more is a mistake, or malice. */
const MAX_LISTENERS = 100;
/** For one session, so that one administrator cannot use up all of them. */
const MAX_OF_SESSION = 10;

export interface EventsOptions {
  readonly maxListeners?: number;
  readonly maxOfSession?: number;
  readonly debounceMilliseconds?: number;
  readonly heartbeatMilliseconds?: number;
}

/**
 * `GET /console/events`: which parts of the console changed (server-sent events, HTML § 9.2). It
 * says no more than that: each listener requests the pages that it may see.
 *
 * A listener that reconnects requests its page again, so `Last-Event-ID` is ignored.
 */
export function eventsRoute(
  app: FastifyInstance,
  deps: ConsolePageDeps,
  { maxListeners = MAX_LISTENERS, maxOfSession = MAX_OF_SESSION, ...times }: EventsOptions = {},
): void {
  /** By connection: a request behind a stream on the same connection would never be answered. */
  const open = new Map<Socket, { readonly sessionId: string; readonly end: () => void }>();
  let stopping = false;
  // A stop waits for requests in progress, and these would never end.
  app.addHook('preClose', async () => {
    stopping = true;
    for (const stream of open.values()) stream.end();
  });
  const hasRoomFor = (socket: Socket): boolean =>
    !stopping && open.size < maxListeners && !open.has(socket);
  const hasEnough = ({ id }: Session): boolean =>
    [...open.values()].filter(({ sessionId }) => sessionId === id).length >= maxOfSession;
  const route = { ...pageRoute(deps), exposeHeadRoute: false };
  app.get('/console/events', route, async (request, reply) => {
    const { socket } = request.raw;
    if (!hasRoomFor(socket)) return sendRefusalPage(reply, { deps }, FULL);
    const session = await check(deps, request, reply);
    if (session instanceof Refusal) return sendRefusalPage(reply, { deps }, session);
    if (request.accepts().type([EVENT_STREAM]) === false) {
      return sendNotAcceptable(deps, reply, session);
    }
    // From here on nothing is awaited, so no other request can take the same slot, and a closed connection is noticed.
    if (!hasRoomFor(socket) || hasEnough(session)) {
      return sendRefusalPage(reply, { deps }, FULL);
    }
    if (socket.destroyed) return reply.hijack();
    commonHeaders(reply, deps.live().publicUrl);
    socket.setTimeout(0);
    const response = startEvents(reply);
    const stream = newsStream({
      send: (event, data) => sendEvent(response, event, data),
      end: () => {
        response.end();
        socket.destroySoon();
        leave();
      },
      follow: (listener) => followFresh(deps, listener),
      mayGoOn: async () => !((await check(deps, request, reply)) instanceof Refusal),
      ...times,
    });
    const leave = (): void => {
      open.delete(socket);
      stream.stop();
    };
    open.set(socket, { sessionId: session.id, end: stream.end });
    socket.once('close', leave);
    response.on('error', leave);
    return reply;
  });
}

/** Its text is always UTF-8; callers may say so. */
const EVENT_STREAM = 'text/event-stream; charset=utf-8';

/** Starts the answer; events are written to it afterwards. */
function startEvents(reply: FastifyReply): ServerResponse {
  reply.headers({
    'content-type': EVENT_STREAM,
    'cache-control': 'no-store',
    // nginx would buffer events otherwise.
    'x-accel-buffering': 'no',
    // The server would reuse the connection otherwise, or close it as idle.
    connection: 'close',
  });
  reply.hijack();
  return reply.raw.writeHead(200, reply.getHeaders() as OutgoingHttpHeaders);
}

/** Resolves once the connection has taken it. Neither name nor data contains a line break. */
function sendEvent(response: ServerResponse, event: string, data: string): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(`event: ${event}\ndata: ${data}\n\n`, (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

/** A listener that hears of a change and requests a page gets one from after the change. */
function followFresh(
  { console, answers }: ConsolePageDeps,
  listener: (part: ConsolePart) => void,
): () => void {
  return console.follow((part) => {
    answers.forget();
    listener(part);
  });
}

const FULL = new Refusal('overloaded', 'Too many console windows are open. Close some.', {
  retryAfterSeconds: 30,
});

/** The session, while it is open and an administrator's. */
async function check(
  deps: ConsoleDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Session | Refusal> {
  const session = await sessionOf(request, reply, deps);
  if (session === undefined) return NO_SESSION;
  if (session instanceof Refusal) return session;
  const caller = await authenticated(deps, request, session);
  return caller instanceof Refusal ? caller : session;
}

const NO_SESSION = new Refusal('session_missing', 'You are not signed in.');

/** This route has no other representation (RFC 9110 §12.5.1). The caller is known by then. */
function sendNotAcceptable(deps: ConsoleDeps, reply: FastifyReply, session: Session): FastifyReply {
  const title = 'This is not a page';
  return sendPage(
    reply,
    { deps, session },
    {
      status: 406,
      title,
      section: 'console',
      body: html`<article class="card notice bad">
<div class="heading">${stopIcon}<h1>${title}</h1></div>
<p class="lead">This address serves only the console’s updates, as text/event-stream.</p>
<p class="actions"><a class="button" href="/console">Go to the console</a></p>
${reference(reply, deps)}
</article>`,
    },
  );
}
