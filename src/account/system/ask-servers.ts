import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { INBOX_PREFIX, PING, ROUTEZ } from './permissions.ts';

/** A question to all servers. */
export interface Question {
  readonly subject: string;
  readonly body?: string;
  /** The answer doesn't say whose it is, and servers without an account JWT store give none. */
  readonly anonymous?: true;
}

/** A server that answered. */
export interface PresentServer {
  /** Public server nkey, `N…`; a new one with every start. */
  readonly id: string;
  readonly name: string;
  readonly cluster: string | undefined;
  /** Servers that it has routes to: id → name. Empty when it didn't say. */
  readonly peers: ReadonlyMap<string, string>;
}

/** One server's answer to one question. */
export interface Answer {
  readonly data?: unknown;
  readonly error?: { readonly code: number; readonly description: string } | undefined;
}

export interface Answers<Name extends string> {
  readonly present: ReadonlyMap<string, PresentServer>;
  /** Servers that one present has a route to: id → name, the present ones included. */
  readonly routed: ReadonlyMap<string, string>;
  /** By server id. */
  to(name: Name): ReadonlyMap<string, Answer>;
  /** To an anonymous question. */
  texts(name: Name): readonly string[];
}

export interface AskOptions {
  /** Servers that didn't answer the last time: waited for half a second only. */
  readonly silentBefore?: ReadonlySet<string>;
}

const LIMIT_MILLISECONDS = 2000;
/** Silence after which servers that can't be counted are taken to have answered. */
const QUIET_MILLISECONDS = 500;
const TICK_MILLISECONDS = 25;

/**
 * Asks all servers, and returns once all have answered that are there: every server tells which
 * others it has routes to, so that their number is known and one that hangs is noticed. Milliseconds
 * then; 2 s when a server doesn't answer. Where gateways join clusters, servers of the others can't
 * be counted, and half a second of silence ends it.
 *
 * Any number may run at once on one connection. Without an answer, `present` is empty; that is not an error.
 * Throws what the connection throws when it is closed.
 */
export async function askServers<Name extends string>(
  connection: NatsConnection,
  questions: Readonly<Record<Name, Question>>,
  { silentBefore = new Set() }: AskOptions = {},
): Promise<Answers<Name>> {
  const round = new Round<Name>(questions, silentBefore);
  const inbox = createInbox(INBOX_PREFIX);
  const { promise: over, resolve, reject } = Promise.withResolvers<void>();
  const subscription = connection.subscribe(`${inbox}.*`, {
    callback(fault, message) {
      if (fault) return reject(fault);
      round.take(message.subject.slice(inbox.length + 1), message);
      if (round.settled()) resolve();
    },
  });
  const tick = setInterval(() => {
    if (round.settled() || round.age() >= LIMIT_MILLISECONDS) resolve();
  }, TICK_MILLISECONDS);
  try {
    for (const [name, { subject, body }] of round.questions) {
      connection.publish(subject, body, { reply: `${inbox}.${name}` });
    }
    await over;
  } finally {
    clearInterval(tick);
    subscription.unsubscribe();
  }
  return round;
}

const envelope = z.object({
  server: z.object({ id: z.string(), name: z.string(), cluster: z.string().optional() }),
  data: z.unknown().optional(),
  error: z.object({ code: z.number(), description: z.string().catch('') }).optional(),
  statsz: z.object({ gateways: z.array(z.unknown()).nullish() }).optional(),
});

/** A server has several routes to each of its peers: the same ids come again. */
const routez = z.object({
  routes: z.array(z.object({ remote_id: z.string(), remote_name: z.string().catch('') })).nullish(),
});

/** What is always asked beside the questions. */
const ROLL_CALL = { PING: { subject: PING }, ROUTEZ: { subject: ROUTEZ } };
const NO_RESPONDERS = 503;

class Round<Name extends string> implements Answers<Name> {
  /** By name, which is the last part of the subject that answers come to. */
  readonly questions: ReadonlyMap<string, Question>;
  readonly #silentBefore: ReadonlySet<string>;
  readonly #begun = performance.now();
  #heard = this.#begun;
  readonly #servers = new Map<string, { name: string; cluster: string | undefined }>();
  readonly #peers = new Map<string, ReadonlyMap<string, string>>();
  readonly #answers = new Map<string, Map<string, Answer>>();
  readonly #texts = new Map<string, string[]>();
  readonly #nobody = new Set<string>();
  #gateways = false;

  constructor(questions: Readonly<Record<Name, Question>>, silentBefore: ReadonlySet<string>) {
    this.questions = new Map(Object.entries<Question>({ ...questions, ...ROLL_CALL }));
    this.#silentBefore = silentBefore;
  }

  age(): number {
    return performance.now() - this.#begun;
  }

  take(name: string, message: Msg): void {
    this.#heard = performance.now();
    if (message.data.length === 0 && message.headers?.code === NO_RESPONDERS) {
      this.#nobody.add(name);
    } else if (this.questions.get(name)?.anonymous) {
      this.#texts.set(name, [...this.texts(name), message.string()]);
    } else {
      this.#takeAnswer(name, message);
    }
  }

  #takeAnswer(name: string, message: Msg): void {
    const parsed = envelope.safeParse(jsonOf(message));
    if (!parsed.success) return;
    const { server, data, error, statsz } = parsed.data;
    this.#servers.set(server.id, { name: server.name, cluster: server.cluster });
    this.#answers.set(name, new Map(this.to(name)).set(server.id, { data, error }));
    if (statsz?.gateways?.length) this.#gateways = true;
    if (name === 'ROUTEZ') {
      const routes = routez.safeParse(data).data?.routes ?? [];
      const peers = routes.map(({ remote_id, remote_name }) => [remote_id, remote_name] as const);
      this.#peers.set(server.id, new Map(peers));
    }
  }

  /** Whether nothing more is to come. */
  settled(): boolean {
    if (this.#servers.size === 0) return this.#nobody.has('PING');
    const quiet = performance.now() - this.#heard >= QUIET_MILLISECONDS;
    if (this.#gateways && !quiet) return false;
    const expected = [...new Set([...this.#servers.keys(), ...this.routed.keys()])];
    return [...this.questions].every(([name, { anonymous }]) =>
      anonymous
        ? quiet || this.#nobody.has(name) || this.texts(name).length >= this.#servers.size
        : expected.every((id) => this.to(name).has(id) || (quiet && this.#silentBefore.has(id))),
    );
  }

  get present(): ReadonlyMap<string, PresentServer> {
    return new Map(
      [...this.#servers].map(([id, { name, cluster }]) => {
        return [id, { id, name, cluster, peers: this.#peers.get(id) ?? new Map() }];
      }),
    );
  }

  get routed(): ReadonlyMap<string, string> {
    return new Map([...this.#peers.values()].flatMap((peers) => [...peers]));
  }

  to(name: string): ReadonlyMap<string, Answer> {
    return this.#answers.get(name) ?? new Map();
  }

  texts(name: string): readonly string[] {
    return this.#texts.get(name) ?? [];
  }
}

function jsonOf(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}
