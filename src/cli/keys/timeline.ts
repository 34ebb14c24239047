import type { KeyAnswer } from '../../admin-api/keys.ts';
import { relativeTime } from '../time.ts';

/** The period that the bars show: `past` columns before now, `future` after. Times are Unix seconds. */
export interface Axis {
  readonly from: number;
  readonly now: number;
  readonly to: number;
  readonly past: number;
  readonly future: number;
}

type Times = Pick<
  KeyAnswer,
  'state' | 'staged_at' | 'active_at' | 'draining_at' | 'retired_at' | 'retires_at'
>;

const GLYPHS = { staged: '░', active: '█', draining: '▒' } as const;
const MARKER = '│';

/** Explains the bars. */
export const LEGEND = `${GLYPHS.staged} staged  ${GLYPHS.active} active  ${GLYPHS.draining} draining  ${MARKER} now`;

/** Each side of now gets at least this much, so that a phase that just began or is about to end shows. */
const LEAST_COLUMNS = 4;

/** One axis for all keys of an account; `width` includes the marker of now. */
export function axisOf(
  keys: readonly Times[],
  { now, nextRotationAt, width }: { now: number; nextRotationAt: number | null; width: number },
): Axis {
  const from = Math.min(now - 1, ...keys.map(({ staged_at }) => staged_at));
  const ends = keys.flatMap(({ retires_at }) => retires_at ?? []);
  const planned = Math.max(nextRotationAt ?? now, ...ends);
  // Nothing is planned: show a little of the future, because the keys continue.
  const to = planned > now ? planned : now + (now - from) / 4;
  const columns = width - MARKER.length;
  const fair = Math.round((columns * (now - from)) / (to - from));
  const past = Math.min(Math.max(fair, LEAST_COLUMNS), columns - LEAST_COLUMNS);
  return { from, now, to, past, future: columns - past };
}

/** The phases of one key on the axis. The future is as planned: the next key takes over on schedule. */
export function bar(axis: Axis, key: Times, nextRotationAt: number | null): string {
  const cells = Array.from<string>({ length: axis.past + axis.future }).fill(' ');
  for (const { glyph, start, end } of phases(axis, key, nextRotationAt)) {
    paint(cells, glyph, stretch(start, Math.min(end, axis.now), [axis.from, axis.now], axis.past));
    const after = stretch(Math.max(start, axis.now), end, [axis.now, axis.to], axis.future);
    paint(cells, glyph, after && [after[0] + axis.past, after[1] + axis.past]);
  }
  return [...cells.slice(0, axis.past), MARKER, ...cells.slice(axis.past)].join('').trimEnd();
}

interface Phase {
  readonly glyph: string;
  readonly start: number;
  readonly end: number;
}

function phases({ now, to }: Axis, key: Times, nextRotationAt: number | null): Phase[] {
  const { state, staged_at, active_at, draining_at, retired_at, retires_at } = key;
  const next = nextRotationAt !== null && nextRotationAt > now ? nextRotationAt : to;
  const end = retired_at ?? (state === 'retired' ? now : next);
  const found: Phase[] = [
    { glyph: GLYPHS.staged, start: staged_at, end: active_at ?? draining_at ?? end },
  ];
  if (active_at !== null) {
    found.push({ glyph: GLYPHS.active, start: active_at, end: draining_at ?? end });
  }
  if (draining_at !== null) {
    const end = retired_at ?? retires_at ?? now;
    found.push({ glyph: GLYPHS.draining, start: draining_at, end });
  }
  return found;
}

/** First and last (exclusive) column of a phase, at least one column; undefined if it is not on this side. */
function stretch(
  start: number,
  end: number,
  [from, to]: readonly [number, number],
  columns: number,
): readonly [number, number] | undefined {
  if (end <= start || end <= from || start >= to) return undefined;
  const column = (time: number) => Math.round((columns * (time - from)) / (to - from));
  const first = Math.min(Math.max(column(start), 0), columns - 1);
  return [first, Math.min(Math.max(column(end), first + 1), columns)];
}

function paint(cells: string[], glyph: string, columns: readonly [number, number] | undefined) {
  if (columns !== undefined) cells.fill(glyph, ...columns);
}

/** The line above the bars: how long ago they begin, where now is, and how far they reach. */
export function scale({ from, now, to, past, future }: Axis): string {
  const begin = relativeTime(from * 1000, now * 1000);
  const end = relativeTime(to * 1000, now * 1000);
  const width = past + MARKER.length + future;
  const left = begin.length < past - 1 ? begin : '';
  const right = end.length < future - 2 ? end : '';
  const upToNow = left.padEnd(Math.min(Math.max(past - 1, 0), width - 3)) + 'now';
  return `${upToNow}${right.padStart(width - upToNow.length)}`.trimEnd();
}
