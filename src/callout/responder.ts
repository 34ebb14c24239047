import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { CALLOUT_SUBJECT, SERVER_XKEY_HEADER } from '../nats/callout/request.ts';
import { type AnswerParts, answerRequest } from './answer-request.ts';

/** All replicas are in one group: each request goes to one of them. */
const QUEUE_GROUP = 'nats-sts';

export interface ResponderOptions extends AnswerParts {
  /** From the arrival of a request. */
  readonly deadlineMilliseconds: number;
  /** Requests in progress and waiting; beyond it they are refused at once. */
  readonly capacity: number;
  /** A request was refused because too many are in progress. */
  readonly shed: () => void;
}

/** Answers requests that come over any number of connections. */
export interface Responder {
  /** Begins to take requests from a new connection; answers how to stop. */
  listen(connection: NatsConnection): () => Promise<void>;
  /** Resolves once every request that was taken is answered. */
  idle(): Promise<void>;
}

/** How many requests begin in one turn of the event loop, so that answers leave in between. */
const AT_ONCE = 16;

interface Waiting {
  readonly message: Msg;
  readonly dueAt: number;
}

export function createResponder(options: ResponderOptions): Responder {
  const { capacity, deadlineMilliseconds, monotonic } = options;
  let waiting: Waiting[] = [];
  let busy = 0;
  let scheduled = false;
  let idle = Promise.withResolvers<void>();
  idle.resolve();

  const take = (message: Msg): void => {
    if (waiting.length + busy >= capacity) {
      options.shed();
      // No JWT: refusing must stay much cheaper than answering.
      message.respond('overloaded');
      return;
    }
    if (waiting.length + busy === 0) idle = Promise.withResolvers();
    waiting.push({ message, dueAt: monotonic() + deadlineMilliseconds });
    schedule();
  };

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      const next = waiting.slice(0, AT_ONCE);
      waiting = waiting.slice(AT_ONCE);
      for (const one of next) void answer(one);
      if (waiting.length > 0) schedule();
    });
  };

  const answer = async ({ message, dueAt }: Waiting): Promise<void> => {
    busy += 1;
    const sealedBy = message.headers?.get(SERVER_XKEY_HEADER) || undefined;
    const response = await answerRequest(options, { data: message.data, sealedBy, dueAt });
    try {
      message.respond(response);
    } catch (fault) {
      // The connection closed meanwhile: the server no longer waits for this answer.
      options.onFault('', fault);
    } finally {
      busy -= 1;
      if (waiting.length + busy === 0) idle.resolve();
    }
  };

  return {
    listen(connection) {
      const subscription: Subscription = connection.subscribe(CALLOUT_SUBJECT, {
        queue: QUEUE_GROUP,
        callback: (fault, message) => {
          if (!fault) take(message);
        },
      });
      return () => subscription.drain();
    },
    idle: () => idle.promise,
  };
}
