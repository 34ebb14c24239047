import type { SharedState } from '../shared-state.ts';
import type { Channel } from './channel.ts';
import type { StateAnswers, StateFollower } from './state-calls.ts';

/** How often a worker is told how fresh the state is, if it hears nothing else. */
const BEAT_MILLISECONDS = 250;

/** How far a worker follows. */
interface Follower {
  told: number;
  seen: number;
  readonly waiting: Set<{ readonly count: number; readonly resolve: () => void }>;
}

/** Shares one store with any number of workers. */
export interface StateSharing {
  /** Answers this worker until its channel closes. */
  attach(channel: Channel<StateFollower>): void;
}

/** The state stays its owner's: close it after the channels. */
export function shareState(state: SharedState): StateSharing {
  const followers = new Set<Follower>();

  /** Every worker but the writer, whose answer follows what it is told, has taken up what it has been told by now. */
  async function taken(writer: Follower): Promise<void> {
    const others = [...followers].filter((follower) => follower !== writer);
    await Promise.all(others.map(reached));
  }

  return {
    attach(channel) {
      const follower: Follower = { told: 0, seen: 0, waiting: new Set() };
      let stop: Promise<() => void> | undefined;
      const startFollowing = async (): Promise<void> => {
        followers.add(follower);
        stop = state.watch('', (change) => {
          follower.told += 1;
          channel.tell('state.changed', change);
        });
        try {
          await stop;
        } catch (fault) {
          stop = undefined;
          throw fault;
        }
      };
      const beat = setInterval(() => channel.tell('state.beat'), BEAT_MILLISECONDS).unref();
      channel.onClose(() => {
        clearInterval(beat);
        followers.delete(follower);
        release(follower, Number.POSITIVE_INFINITY);
        stop?.then((end) => end()).catch(() => undefined);
      });
      channel.serve({
        'state.list': (prefix) => state.list(prefix),
        async 'state.write'(key, value, revision) {
          const written = await state.write(key, value, revision);
          if (written === undefined) return undefined;
          // Tells all watchers of what was written.
          await state.list(key);
          await taken(follower);
          return written;
        },
        async 'state.follow'() {
          if (stop) await state.list(NOTHING);
          else await startFollowing();
        },
        'state.seen'(count) {
          follower.seen = count;
          release(follower, count);
        },
      } satisfies StateAnswers);
    },
  };
}

/** A prefix under which nothing is: asked only for what `list` makes sure of. */
const NOTHING = '-';

async function reached(follower: Follower): Promise<void> {
  if (follower.seen >= follower.told) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  follower.waiting.add({ count: follower.told, resolve });
  await promise;
}

function release({ waiting }: Follower, seen: number): void {
  for (const one of waiting) {
    if (one.count > seen) continue;
    waiting.delete(one);
    one.resolve();
  }
}
