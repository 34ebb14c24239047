import type { DatabaseSync } from 'node:sqlite';

/** Deleting this many takes a few milliseconds, the most that the event loop should be kept from others. */
const BATCH = 500;

/**
 * Deletes the oldest records from before `before` (milliseconds since the Unix epoch), a bounded
 * number of them, and returns how many. Freed pages are used again: the file stays as large as the
 * busiest retention period made it.
 */
export function pruneBatch(db: DatabaseSync, before: number, batch = BATCH): number {
  const { changes } = db
    .prepare(
      'DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE time < ? ORDER BY time LIMIT ?)',
    )
    .run(before, batch);
  return Number(changes);
}
