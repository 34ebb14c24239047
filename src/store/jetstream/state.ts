import type { NextMsgRequest, SeqMsgRequest, StoredMsg } from '@nats-io/jetstream';
import type { Clock } from '../../clock.ts';
import {
  askAgain,
  type BucketOptions,
  isConflict,
  type JetStreamBucket,
  openBucket,
  orUnavailable,
} from './bucket.ts';
import { followBucket } from './feed.ts';
import {
  assertStateKey,
  type SharedState,
  type StateChange,
  StoreUnavailable,
} from '../shared-state.ts';
import { inTurn } from './in-turn.ts';
import { createStateReplica } from '../state-replica.ts';

export interface JetStreamStateOptions extends BucketOptions {
  readonly clock: Clock;
}

/** How often the leader is asked whether anything was missed. */
const CHECK_MILLISECONDS = 1000;

/**
 * A new leader may be behind what the old one reported. One that is behind for longer has
 * lost it.
 */
const CATCH_UP_MILLISECONDS = 5000;

/** How long a deleted key is remembered; who has heard nothing for half as long reads everything anew. */
const MARKER_HOURS = 7 * 24;
const SILENCE_MILLISECONDS = (MARKER_HOURS / 2) * 3_600_000;

/**
 * The shared state in a JetStream key-value bucket, for any number of processes anywhere.
 *
 * Changes from a consumer are reported at once, but not relied on: once a second, and for each
 * `list`, the stream's leader is asked for its last sequence, and what has not been delivered up to
 * there is fetched from it. A lost consumer, a server that comes back, even a bucket that was
 * deleted and made anew delay a change by a second, and hide none.
 *
 * @throws StoreUnavailable when the bucket can't be read now. The connection stays its owner's.
 */
export async function openJetStreamState({
  connection,
  clock,
  ...options
}: JetStreamStateOptions): Promise<SharedState> {
  const bucket = await openBucket({ connection, ...options });
  const replica = createStateReplica();
  let { created } = bucket;
  let freshAt = 0;
  let behindSince: number | undefined;
  let closed = false;
  let checking = false;

  const feed = followBucket(bucket, replica);

  /** Afterwards the replica is what the leader had when it was asked, or newer. */
  const catchUp = inTurn(() =>
    orUnavailable(connection, 'cannot read the store', async () => {
      // While it is asked, the consumer may bring what is newer than the answer.
      const { asked, seen, info } = await askAgain(
        async () => {
          const [asked, { seen }] = [clock.now(), replica];
          return { asked, seen, info: await bucket.manager.streams.info(bucket.stream) };
        },
        { justOpened: freshAt === 0 },
      );
      const last = info.state.last_seq;
      const behind = info.created === created && last < seen;
      behindSince = behind ? (behindSince ?? asked) : undefined;
      if (behindSince !== undefined && asked - behindSince < CATCH_UP_MILLISECONDS) {
        throw new Error('its leader is behind an earlier read');
      }
      const another = info.created !== created || behind;
      const silent = freshAt > 0 && asked - freshAt > SILENCE_MILLISECONDS;
      if (another || silent) {
        feed.stop();
        replica.reload(await latestOfAll(bucket));
        created = info.created;
      }
      while (replica.seen < last) {
        const change = await next(bucket, replica.seen + 1);
        if (change) replica.apply(change);
        // The last message may be gone: of a deletion that is long past.
        else replica.reached(last);
      }
      freshAt = Math.max(freshAt, asked);
    }),
  );

  async function check(): Promise<void> {
    if (closed || checking || !connection.connected()) return;
    checking = true;
    try {
      feed.restartIfBehind();
      await catchUp();
    } catch (fault) {
      // It shows in `freshAt`, which stops growing.
      if (!(fault instanceof StoreUnavailable)) throw fault;
    } finally {
      checking = false;
    }
  }

  function demandOpen(): void {
    if (closed) throw new StoreUnavailable('the store is closed');
  }

  const state: SharedState = {
    async list(prefix) {
      demandOpen();
      await catchUp();
      return replica.entries(prefix);
    },
    async write(key, value, revision) {
      assertStateKey(key);
      demandOpen();
      return orUnavailable(connection, 'cannot write the store', async () => {
        if (value === undefined && revision === 0) {
          return (await state.list(key)).some((entry) => entry.key === key) ? undefined : 1;
        }
        return swap(bucket, key, value, revision);
      });
    },
    async watch(prefix, listener) {
      demandOpen();
      await catchUp();
      demandOpen();
      return replica.watch(prefix, listener);
    },
    freshAt: () => freshAt,
    async close() {
      closed = true;
      clearInterval(timer);
      stopListening();
      replica.close();
      feed.stop();
    },
  };

  feed.restart();
  const timer = setInterval(() => void check(), CHECK_MILLISECONDS).unref();
  const stopListening = connection.onReconnect(() => {
    feed.restart();
    void check();
  });
  try {
    await catchUp();
  } catch (fault) {
    await state.close();
    throw fault;
  }
  return state;
}

/** The new revision, or undefined when the key has another than the one expected. */
async function swap(
  { kv }: JetStreamBucket,
  key: string,
  value: string | undefined,
  revision: number,
): Promise<number | undefined> {
  try {
    if (value === undefined) {
      await kv.purge(key, { previousSeq: revision, ttl: `${MARKER_HOURS}h` });
      return revision;
    }
    return await (revision === 0 ? kv.create(key, value) : kv.update(key, value, revision));
  } catch (fault) {
    if (isConflict(fault)) return undefined;
    throw fault;
  }
}

/** In the order of revisions. What is written meanwhile is in it, too: its older text is gone. */
async function latestOfAll(bucket: JetStreamBucket): Promise<StateChange[]> {
  const changes: StateChange[] = [];
  for (;;) {
    const change = await next(bucket, (changes.at(-1)?.revision ?? 0) + 1);
    if (!change) return changes;
    changes.push(change);
  }
}

/** The first change from this revision on that the leader still has. */
async function next(
  { manager, stream, subject }: JetStreamBucket,
  revision: number,
): Promise<StateChange | undefined> {
  const query: SeqMsgRequest & NextMsgRequest = { seq: revision, next_by_subj: subject };
  const message = await askAgain(() => manager.streams.getMessage(stream, query));
  return message === null ? undefined : changeOf(message, subject);
}

function changeOf(message: StoredMsg, subject: string): StateChange {
  const gone = message.header.has('KV-Operation') || message.header.has('Nats-Marker-Reason');
  return {
    key: message.subject.slice(subject.length - 1),
    value: gone ? undefined : message.string(),
    revision: message.seq,
  };
}
