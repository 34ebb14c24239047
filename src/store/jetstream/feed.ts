import type { KvWatchEntry } from '@nats-io/kv';
import type { JetStreamBucket } from './bucket.ts';
import type { StateReplica } from '../state-replica.ts';

/** A consumer that brings a bucket's changes into a replica as they happen. */
export interface BucketFeed {
  /** Begins anew after what the replica has. */
  restart(): void;
  /** To be called now and then: begins anew when the consumer has not brought what was there at the call before. */
  restartIfBehind(): void;
  stop(): void;
}

/** One consumer's life. */
interface Run {
  /** The revision that it has come to. */
  reached: number;
  stop: () => void;
}

export function followBucket({ kv }: JetStreamBucket, replica: StateReplica): BucketFeed {
  let current: Run | undefined;
  let expected = 0;

  async function follow(run: Run): Promise<void> {
    const changes = await kv.watch({ resumeFromRevision: replica.seen + 1 });
    run.stop = () => changes.stop();
    if (run !== current) return;
    for await (const entry of changes) {
      if (run !== current) return;
      run.reached = entry.revision;
      replica.apply(changeOf(entry));
    }
  }

  function stop(): void {
    current?.stop();
    current = undefined;
  }

  function restart(): void {
    stop();
    const run: Run = { reached: replica.seen, stop: () => undefined };
    current = run;
    expected = run.reached;
    follow(run)
      // A consumer that can't be made, or is lost, is made by the next `restartIfBehind`.
      .catch(() => undefined)
      .finally(() => {
        run.stop();
        if (run === current) current = undefined;
      });
  }

  return {
    restart,
    restartIfBehind() {
      if (!current || current.reached < expected) restart();
      expected = replica.lastChange;
    },
    stop,
  };
}

function changeOf(entry: KvWatchEntry) {
  const { key, revision } = entry;
  return { key, revision, value: entry.operation === 'PUT' ? entry.string() : undefined };
}
