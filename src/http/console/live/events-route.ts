import type { Socket } from 'node:net';
import { fastifySSE } from '@fastify/sse';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../../errors.ts';
import type { Session } from '../../../login/session.ts';
import { commonHeaders } from '../../pages/headers.ts';
import { sendRefusalPage } from '../../pages/refusal-page.ts';
import { pageRoute } from '../../pages/route.ts';
import { sessionOf } from '../../pages/session.ts';
import { authenticated } from '../administrator.ts';
import type { ConsoleDeps, ConsolePart, ConsolePageDeps } from '../deps.ts';
import { newsStream } from './change-stream.ts';
import { sendNotAcceptable, takesEvents } from './not-acceptable.ts';

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
export async function eventsRoute(
  app: FastifyInstance,
  deps: ConsolePageDeps,
  { maxListeners = MAX_LISTENERS, maxOfSession = MAX_OF_SESSION, ...times }: EventsOptions = {},
): Promise<void> {
  await app.register(fastifySSE);
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
  app.get(
    '/console/events',
    { ...route, sse: { kind: 'manual', heartbeat: false, serializer: String } },
    async (request, reply) => {
      const { socket } = request.raw;
      if (!hasRoomFor(socket)) return sendRefusalPage(reply, { deps }, FULL);
      const session = await check(deps, request, reply);
      if (session instanceof Refusal) return sendRefusalPage(reply, { deps }, session);
      if (!takesEvents(request)) return sendNotAcceptable(deps, reply, session);
      // From here to the end nothing is waited for: nobody takes the same place, and who leaves is noticed.
      if (!hasRoomFor(socket) || hasEnough(session)) {
        return sendRefusalPage(reply, { deps }, FULL);
      }
      if (socket.destroyed) return reply.hijack();
      commonHeaders(reply, deps.live().publicUrl);
      // Whatever idles is closed by the server otherwise; and nothing else comes this way afterwards.
      reply.header('cache-control', 'no-store').header('connection', 'close');
      socket.setTimeout(0);
      reply.sse.keepAlive();
      reply.sse.sendHeaders();
      const stream = newsStream({
        send: (event, data) => reply.sse.send({ event, data }),
        end: () => {
          reply.sse.close();
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
    },
  );
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
