/** The other process: messages arrive whole, in the order in which they were sent. */
export interface Port {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when nothing can be sent or received any more. */
  onClose(listener: () => void): void;
}

/** What one side answers. Results may be promises. */
// oxlint-disable-next-line typescript/no-explicit-any -- each side knows the arguments of its own answers
export type Answers = Readonly<Record<string, (...args: any[]) => unknown>>;

/** What the primary process says of itself with each message: true of all that it had sent before. */
export interface Vitals {
  /** As `SharedState.freshAt` has it. */
  readonly freshAt: number;
  /** As `AuditLog.healthy` has it. */
  readonly healthy: boolean;
}

/** Calls to the other side, which answers with `Remote`. */
export interface Channel<Remote extends Answers = Answers> {
  /** Adds what this side answers. */
  serve(answers: Answers): void;
  /** Rejects with `RemoteFault`, or with `ChannelClosed`, also when the other process ends before it answers. */
  call<Name extends keyof Remote & string>(
    name: Name,
    ...args: Parameters<Remote[Name]>
  ): Promise<Awaited<ReturnType<Remote[Name]>>>;
  /** A call whose answer nobody waits for. Does nothing once the channel is closed. */
  tell<Name extends keyof Remote & string>(name: Name, ...args: Parameters<Remote[Name]>): void;
  /** As the other side last said; undefined before its first message, and of a worker. */
  vitals(): Vitals | undefined;
  readonly closed: boolean;
  onClose(listener: () => void): void;
}

/** A call that failed at the other side. */
export class RemoteFault extends Error {
  override readonly name = 'RemoteFault';
  /** The name of its class, as `Error.name` has it. */
  readonly kind: string;
  /** As `NodeJS.ErrnoException` has it. */
  readonly code: string | undefined;

  constructor({ kind, message, code }: Fault) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

/** The other process has ended, or is ending. */
export class ChannelClosed extends Error {
  override readonly name = 'ChannelClosed';
}

interface Fault {
  readonly kind: string;
  readonly message: string;
  readonly code: string | undefined;
}

/** A call `[id, name, arguments]` (id 0: nobody waits), or an answer `[-id, succeeded, value or fault]`. */
type Item = readonly [id: number, what: string | boolean, content: unknown];

interface Message {
  readonly items: readonly Item[];
  readonly vitals: Vitals | undefined;
}

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (reason: Error) => void;
}

export interface ChannelOptions {
  /** Of the primary process. */
  readonly vitals?: () => Vitals;
  /**
   * When what was queued is sent: at the end of the callback that is running; or at the end of this turn of the event loop, so
   * that all sockets of the turn share one message, and some milliseconds later when calls come fast.
   */
  readonly flush: 'callback' | 'turn';
}

/**
 * Calls between two processes, many in one message: a message costs as much as ten calls in it. Calls and answers are
 * taken up in the order in which they were queued.
 */
export function openChannel<Remote extends Answers>(
  port: Port,
  { vitals, flush }: ChannelOptions,
): Channel<Remote> {
  const answers = new Map<string, Answers[string]>();
  const pending = new Map<number, Pending>();
  const closing: (() => void)[] = [];
  let queue: Item[] = [];
  let ids = 0;
  let latest: Vitals | undefined;
  let closed = false;

  const isBusy = rateMeter();
  function enqueue(item: Item): void {
    if (closed) return;
    queue.push(item);
    const busy = flush === 'turn' && isBusy();
    if (queue.length > 1) return;
    if (flush === 'callback') process.nextTick(send);
    else if (busy) setTimeout(send, GATHER_MILLISECONDS);
    else setImmediate(send);
  }

  function send(): void {
    if (closed) return;
    const message: Message = { items: queue, vitals: vitals?.() };
    queue = [];
    port.send(message);
  }

  function answer(id: number, name: string, args: readonly unknown[]): void {
    const failed = (error: unknown) => enqueue([-id, false, faultOf(error)]);
    try {
      const known = answers.get(name);
      if (!known) throw new TypeError(`this process does not answer ${name}`);
      const result: unknown = known(...args);
      if (id === 0) return ignoreFaults(result);
      if (result instanceof Promise) result.then((value) => enqueue([-id, true, value]), failed);
      else enqueue([-id, true, result]);
    } catch (error) {
      if (id !== 0) failed(error);
    }
  }

  function settle(id: number, succeeded: boolean, content: unknown): void {
    const call = pending.get(id);
    pending.delete(id);
    if (succeeded) call?.resolve(content as never);
    else call?.reject(new RemoteFault(content as Fault));
  }

  port.onMessage((message) => {
    const { items, vitals: said } = message as Message;
    for (const [id, what, content] of items) {
      if (typeof what === 'string') answer(id, what, content as unknown[]);
      else settle(-id, what, content);
    }
    latest = said;
  });
  port.onClose(() => {
    closed = true;
    queue = [];
    for (const { reject } of pending.values()) reject(new ChannelClosed('the other process ended'));
    pending.clear();
    for (const listener of closing) listener();
  });

  return {
    serve: (more) => {
      for (const [name, one] of Object.entries(more)) answers.set(name, one);
    },
    call: (name, ...args) => {
      if (closed) return Promise.reject(new ChannelClosed('the other process has ended'));
      return new Promise((resolve, reject) => {
        ids += 1;
        pending.set(ids, { resolve, reject });
        enqueue([ids, name, args]);
      });
    },
    tell: (name, ...args) => enqueue([0, name, args]),
    vitals: () => latest,
    get closed() {
      return closed;
    },
    onClose: (listener) => {
      if (closed) listener();
      else closing.push(listener);
    },
  };
}

/** How long calls are gathered when they come fast. A message costs tens of µs on both sides. */
const GATHER_MILLISECONDS = 2;

/** Calls come fast when so many come in this time. */
const WINDOW_MILLISECONDS = 16;
const FAST = 16;

/** Call it for each call: whether they come fast. */
function rateMeter(): () => boolean {
  let since = 0;
  let count = 0;
  let fast = false;
  return () => {
    const passed = performance.now() - since;
    if (passed >= WINDOW_MILLISECONDS) {
      fast = passed < 2 * WINDOW_MILLISECONDS && count >= FAST;
      since += passed;
      count = 0;
    }
    count += 1;
    return fast;
  };
}

/** Who only tells does not wait for a failure either. */
function ignoreFaults(result: unknown): void {
  if (result instanceof Promise) result.catch(() => undefined);
}

function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) return { kind: 'Error', message: String(error), code: undefined };
  const { code } = error as NodeJS.ErrnoException;
  return { kind: error.name, message: error.message, code };
}
