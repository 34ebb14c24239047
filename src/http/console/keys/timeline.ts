import { html, type SafeHtml } from '@remix-run/html-template';
import type { AccountAnswer, KeyAnswer } from '../../../admin-api/keys.ts';
import { fromNow } from '../words.ts';

/** The time range that the bars show. Unix seconds. */
export interface Axis {
  readonly from: number;
  readonly now: number;
  readonly to: number;
  /** Share of the width for the past. */
  readonly past: number;
  /** When the next key takes over, if that is in the future. */
  readonly next: number | undefined;
}

/** Neither side of now gets less, so that what just started or is about to end is visible. */
const LEAST_SHARE = 0.15;

/** Least share of the width for a phase, so that a short one is visible. */
const LEAST_PHASE = 0.006;

type Times = Pick<
  KeyAnswer,
  'state' | 'staged_at' | 'active_at' | 'draining_at' | 'retired_at' | 'retires_at'
>;

/** One axis for all keys of an account: from the oldest key in use to the last planned change. */
export function axisOf(
  { keys, next_rotation_at }: Pick<AccountAnswer, 'next_rotation_at'> & { keys: readonly Times[] },
  now: number,
): Axis {
  const used = keys.filter(({ state }) => state !== 'retired');
  const begins = (used.length > 0 ? used : keys).map(({ staged_at }) => staged_at);
  const oldest = begins.reduce((a, b) => Math.min(a, b), now - 1);
  const from = oldest - (now - oldest) * 0.1;
  const ends = keys.flatMap(({ retires_at }) => retires_at ?? []);
  const planned = ends.reduce((a, b) => Math.max(a, b), next_rotation_at ?? now);
  // Nothing is planned: show some of the future, since keys stay in use.
  const to = planned > now ? planned + (planned - now) * 0.1 : now + (now - from) / 4;
  const fair = (now - from) / (to - from);
  return {
    from,
    now,
    to,
    past: Math.min(Math.max(fair, LEAST_SHARE), 1 - LEAST_SHARE),
    next: next_rotation_at !== null && next_rotation_at > now ? next_rotation_at : undefined,
  };
}

/** Where on the width a time is, 0 to 1. */
export function shareAt({ from, now, to, past }: Axis, time: number): number {
  const share =
    time <= now
      ? (past * (time - from)) / (now - from)
      : past + ((1 - past) * (time - now)) / (to - now);
  return Math.min(Math.max(share, 0), 1);
}

export interface Phase {
  readonly state: 'staged' | 'active' | 'draining';
  readonly start: number;
  readonly end: number;
  /** In the future, if all goes as planned. */
  readonly planned: boolean;
}

/** The phases of a key, past and planned, split at now. The next key takes over on schedule. */
export function phases({ now, to, next = to }: Axis, key: Times): Phase[] {
  const { state, staged_at, active_at, draining_at, retired_at, retires_at } = key;
  const end = retired_at ?? (state === 'retired' ? now : next);
  const found = [
    { state: 'staged', start: staged_at, end: active_at ?? draining_at ?? end } as const,
    ...(active_at === null
      ? []
      : [{ state: 'active', start: active_at, end: draining_at ?? end } as const]),
    ...(draining_at === null
      ? []
      : [
          {
            state: 'draining',
            start: draining_at,
            end: retired_at ?? Math.max(retires_at ?? now, now),
          } as const,
        ]),
  ];
  return found.flatMap((phase) => [
    ...(phase.start < now ? [{ ...phase, end: Math.min(phase.end, now), planned: false }] : []),
    ...(phase.end > now ? [{ ...phase, start: Math.max(phase.start, now), planned: true }] : []),
  ]);
}

/** Drawn in percentages, so that nothing is stretched and no style is inline. */
export function bar(axis: Axis, key: Times, text: string): SafeHtml {
  const retired = key.state === 'retired' ? key.retired_at : null;
  return html`<svg class="span ${key.state}" width="100%" height="24" role="img" aria-label="${text}"><title>${text}</title>${phases(
    axis,
    key,
  ).map((phase) =>
    shape(axis, phase),
  )}${retired === null ? undefined : cross(axis, retired)}${lines(axis)}</svg>`;
}

/** The height of a bar shows its state, as its pattern does. */
const SHAPE = {
  staged: { y: 9, height: 6 },
  active: { y: 4, height: 16 },
  draining: { y: 6, height: 12 },
} as const;

function shape(axis: Axis, { state, start, end, planned }: Phase): SafeHtml | undefined {
  const [left, right] = [shareAt(axis, start), shareAt(axis, end)];
  if (right <= 0 || left >= 1) return undefined;
  const width = Math.max(right - left, LEAST_PHASE);
  const { y, height } = SHAPE[state];
  const name = `phase ${state}${planned ? ' planned' : ''}`;
  const fill = state === 'draining' ? html` fill="url(#draining)"` : undefined;
  return html`<rect class="${name}" x="${percent(left)}" width="${percent(width)}" y="${y}" height="${height}"${fill}/>`;
}

function cross(axis: Axis, time: number): SafeHtml {
  return html`<text class="end" x="${percent(shareAt(axis, time))}" y="17" text-anchor="middle">✕</text>`;
}

function lines(axis: Axis): SafeHtml {
  const line = (name: string, share: number) =>
    html`<line class="${name}" x1="${percent(share)}" x2="${percent(share)}" y1="0" y2="24"/>`;
  const { next } = axis;
  return html`${line('now', axis.past)}${next === undefined ? undefined : line('next', shareAt(axis, next))}`;
}

/** The heading of the bars: start, now, and end. */
export function scale(axis: Axis): SafeHtml {
  const { from, now, to, past, next } = axis;
  const text = (share: number, anchor: 'start' | 'middle' | 'end', words: string) =>
    html`<text x="${percent(share)}" y="14" text-anchor="${anchor}">${words}</text>`;
  const label = `Time, from ${fromNow(from, now)} to ${fromNow(to, now)}`;
  return html`<svg class="span scale" width="100%" height="18" role="img" aria-label="${label}">${
    past > 0.3 ? text(0, 'start', fromNow(from, now)) : undefined
  }${text(past, 'middle', 'now')}${
    past < 0.7
      ? text(1, 'end', next === undefined ? fromNow(to, now) : `next ${fromNow(next, now)}`)
      : undefined
  }</svg>`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}

/** What bars refer to; once on a page. */
export const PATTERNS = html`<svg class="patterns" width="0" height="0" aria-hidden="true" focusable="false"><defs><pattern id="draining" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch" width="3" height="6"/></pattern></defs></svg>`;

const MEANING = {
  staged: 'staged: on its way to the servers, signs nothing yet',
  active: 'active: signs credentials',
  draining: 'draining: no longer signs, its credentials are still valid',
} as const;

/** What the shapes mean. */
export const LEGEND = html`<ul class="legend">${(['staged', 'active', 'draining'] as const).map(
  (state) =>
    html`<li><svg class="span" width="36" height="24" aria-hidden="true"><rect class="phase ${state}" x="1" width="34" y="${SHAPE[state].y}" height="${SHAPE[state].height}"${state === 'draining' ? html` fill="url(#draining)"` : undefined}/></svg> ${MEANING[state]}</li>`,
)}<li><svg class="span retired" width="36" height="24" aria-hidden="true"><text class="end" x="50%" y="17" text-anchor="middle">✕</text></svg> retired: servers no longer accept it</li></ul>`;
