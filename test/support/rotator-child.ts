// A real rotator that kills itself (SIGKILL) as soon as the call that its parent named has returned.
import { setTimeout as wait } from 'node:timers/promises';
import { startWiredRotator, type WiredOptions, type WiredPorts } from './wired-rotator.ts';

/** What the parent sends first. */
export interface ChildOrders {
  readonly options: WiredOptions;
  /** Name of the call after which to die, as the parent was told it in a run without; absent: live. */
  readonly trap?: string;
}

/** What the child sends: the name of each call, when it has returned. */
export interface ChildReport {
  readonly returned: string;
}

process.once('message', ({ options, trap }: ChildOrders) => {
  void startWiredRotator(options, (ports) => watched(ports, trap));
});
// A parent that died leaves nobody behind.
process.once('disconnect', () => process.exit());

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  // Nothing more may happen, were the signal late.
  for (;;);
}

/**
 * Calls that change something are named by their number (`write 2`); calls that read, by the last
 * change before them (`look, push 1`), for how often it is read depends on time.
 */
function watched(ports: WiredPorts, trap: string | undefined): WiredPorts {
  const counts = new Map<string, number>();
  let last = 'start';

  function reached(name: string): void {
    if (name === trap) die();
    process.send?.({ returned: name } satisfies ChildReport);
  }

  function changing<Arguments extends unknown[], Answer>(
    what: string,
    call: (...given: Arguments) => Promise<Answer>,
    { sentFirst = false } = {},
  ): (...given: Arguments) => Promise<Answer> {
    return async (...given) => {
      const number = (counts.get(what) ?? 0) + 1;
      counts.set(what, number);
      const name = `${what} ${number}`;
      const answered = call(...given);
      if (sentFirst) {
        answered.catch(() => {});
        // On its way, and nobody knows whether it arrived.
        if (trap === `${name}, unanswered`) await wait(1);
        reached(`${name}, unanswered`);
      }
      const answer = await answered;
      last = name;
      reached(name);
      return answer;
    };
  }

  function reading<Arguments extends unknown[], Answer>(
    what: string,
    call: (...given: Arguments) => Promise<Answer>,
  ): (...given: Arguments) => Promise<Answer> {
    return async (...given) => {
      const before = last;
      const answer = await call(...given);
      reached(`${what}, ${before}`);
      return answer;
    };
  }

  const { state, audit, sealer, lease, resolver } = ports;
  return {
    state: {
      ...state,
      list: reading('list', (prefix) => state.list(prefix)),
      write: changing('write', (...given) => state.write(...given)),
    },
    audit: { ...audit, record: changing('record', (event) => audit.record(event)) },
    sealer: { ...sealer, seal: changing('seal', (...given) => sealer.seal(...given)) },
    lease: { ...lease, held: reading('held', () => lease.held()) },
    resolver: {
      look: reading('look', (account) => resolver.look(account)),
      push: changing('push', (jwt) => resolver.push(jwt), { sentFirst: true }),
    },
  };
}
