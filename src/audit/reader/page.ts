import type { DatabaseSync } from 'node:sqlite';
import type { AuditPage, AuditPageAsk } from '../log.ts';
import { type Position, select, where } from './select.ts';

/**
 * How many records one page compares with the filter, at 1 µs each: nothing should block the event
 * loop for longer than a few milliseconds.
 */
const SEARCHED = 4000;

/** A direction through the index of times. */
interface Direction {
  readonly beyond: '<' | '>';
  readonly order: 'ASC' | 'DESC';
  /** Added to an id, gives the id just before it in this order. */
  readonly back: 1 | -1;
}

const OLDER: Direction = { beyond: '<', order: 'DESC', back: 1 };
const NEWER: Direction = { beyond: '>', order: 'ASC', back: -1 };

const END: Position = { time: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER };

/** One page of the log; see `AuditReader.page`. The index of times leads to it. */
export function readPage(db: DatabaseSync, ask: AuditPageAsk): AuditPage {
  const before = readPosition(ask.before);
  const after = before ? undefined : readPosition(ask.after);
  if (after) {
    const { rows, next } = search(db, { ...ask, from: after, direction: NEWER });
    return {
      events: rows.map(({ event }) => event).toReversed(),
      older: positionText(justBefore(after, OLDER)),
      newer: next && positionText(next),
    };
  }
  const { rows, next } = search(db, { ...ask, from: before ?? END, direction: OLDER });
  return {
    events: rows.map(({ event }) => event),
    older: next && positionText(next),
    newer: before && positionText(justBefore(before, NEWER)),
  };
}

interface Search extends Pick<AuditPageAsk, 'filter' | 'limit'> {
  readonly from: Position;
  readonly direction: Direction;
}

/** The matching records beyond `from`, and where to continue; `next` is undefined at the end. */
function search(db: DatabaseSync, { filter, limit, from, direction }: Search) {
  const { beyond, order } = direction;
  const asked = where(filter);
  const left = firstUnsearched(db, from, direction);
  // The first record that is not searched is beyond the end; the position before it is the last one included.
  const end = left && justBefore(left, direction);
  const found = select(db, {
    sql: `${asked.sql} AND (time, id) ${beyond} (?, ?) ${end ? `AND (?, ?) ${beyond}= (time, id)` : ''}
          ORDER BY time ${order}, id ${order} LIMIT ?`,
    values: [...asked.values, from.time, from.id, ...(end ? [end.time, end.id] : []), limit + 1],
  });
  const rows = found.slice(0, limit);
  return { rows, next: found.length > limit ? rows.at(-1) : end };
}

function firstUnsearched(
  db: DatabaseSync,
  from: Position,
  { beyond, order }: Direction,
): Position | undefined {
  const row = db
    .prepare(
      `SELECT time, id FROM audit WHERE (time, id) ${beyond} (?, ?)
        ORDER BY time ${order}, id ${order} LIMIT 1 OFFSET ${SEARCHED}`,
    )
    .get(from.time, from.id);
  return row && { time: Number(row['time']), id: Number(row['id']) };
}

/** The position just before this one, so that this one is the first beyond it. */
function justBefore({ time, id }: Position, { back }: Direction): Position {
  return { time, id: id + back };
}

function positionText({ time, id }: Position): string {
  return `${time}.${id}`;
}

function readPosition(text: string | undefined): Position | undefined {
  const [, time, id] = /^(\d{1,15})\.(\d{1,15})$/.exec(text ?? '') ?? [];
  return time === undefined ? undefined : { time: Number(time), id: Number(id) };
}
