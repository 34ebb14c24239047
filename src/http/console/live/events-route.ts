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

/** Everyone who has the console open in front of them; more is a mistake, or malice. */
const MAX_LISTENERS = 100;
/** Of one session: nobody who has one takes the places of all others. */
const MAX_OF_SESSION = 10;

export interface EventsOptions {
  readonly maxListeners?: number;
  readonly maxOfSession?: number;
  readonly debounceMilliseconds?: number;
  readonly heartbeatMilliseconds?: number;
}

/**
 * `GET /console/events`: which parts of the console changed (server-sent events, HTML § 9.2). It
 * tells no more than that: pages are asked for by whoever may see them.
 *
 * A listener that comes back asks for its page anew: there is nothing to be told twice, and
 * `Last-Event-ID` means nothing.
 */
export function eventsRoute(
  app: FastifyInstance,
  deps: ConsolePageDeps,
  { maxListeners = MAX_LISTENERS, maxOfSession = MAX_OF_SESSION, ...times }: EventsOptions = {},
): void {
  /** By connection: what is asked behind a stream on the same one is never answered. */
  const open = new Map<Socket, { readonly sessionId: string; readonly end: () => void }>();
  let stopping = false;
  // Requests in progress are waited for: these would never end.
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
    if (request.accepts().type(['text/event-stream']) === false) {
      return sendNotAcceptable(deps, reply, session);
    }
    // From here to the end nothing is waited for: nobody takes the same place, and who leaves is noticed.
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

/** Begins the answer; what follows is written event by event. */
function startEvents(reply: FastifyReply): ServerResponse {
  reply.headers({
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    // nginx would collect events before it passes them on.
    'x-accel-buffering': 'no',
    // Whatever idles is closed by the server otherwise; and nothing else comes this way afterwards.
    connection: 'close',
  });
  reply.hijack();
  return reply.raw.writeHead(200, reply.getHeaders() as OutgoingHttpHeaders);
}

/** Resolves once the connection has taken it. Neither name nor data has a line break. */
function sendEvent(response: ServerResponse, event: string, data: string): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(`event: ${event}\ndata: ${data}\n\n`, (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

/** Whoever hears of a change and asks for a page gets one from after it. */
function followFresh(
  { console, answers }: ConsolePageDeps,
  listener: (part: ConsolePart) => void,
): () => void {
  return console.follow((part) => {
    answers.forget();
    listener(part);
  });
}

const FULL = new Refusal('overloaded', 'Too many windows of the console are open. Close some.', {
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

/** Nothing else is to be had here (RFC 9110 §12.5.1). Who asks is known by then. */
function sendNotAcceptable(deps: ConsoleDeps, reply: FastifyReply, session: Session): FastifyReply {
  const title = 'This is no page';
  return sendPage(
    reply,
    { deps, session },
    {
      status: 406,
      title,
      section: 'console',
      body: html`<article class="card notice bad">
<div class="heading">${stopIcon}<h1>${title}</h1></div>
<p class="lead">Here the console hears what is new, as text/event-stream and nothing else.</p>
<p class="actions"><a class="button" href="/console">Go to the console</a></p>
${reference(reply, deps)}
</article>`,
    },
  );
}
