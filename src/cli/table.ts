import { textWidth } from './text-width.ts';
import { harmless, type Style, styled, type Terminal } from './terminal.ts';

export interface Column {
  readonly title: string;
  /** Shortened (`…`) to no less than this width if the window is too narrow; absent: never shortened. */
  readonly shrinkTo?: number;
  /** Minimum width, so that tables printed one after the other line up. */
  readonly atLeast?: number;
}

/** Text, plain or with a style. The table makes untrusted text harmless. */
export type Cell = string | { readonly text: string; readonly style: Style };

const GAP = '  ';

/**
 * Rows under their titles, aligned with spaces and fitted to the window; one line per row, each ending
 * in `\n`. In a pipe nothing is shortened. `header: false` omits the titles.
 */
export function table(
  terminal: Terminal,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { header = true }: { header?: boolean } = {},
): string {
  const titles = columns.map(({ title }): Cell => ({ text: title, style: 'dim' }));
  const lines = (header ? [titles, ...rows] : rows).map((cells) => cells.map(clean));
  const widths = fit(columns, naturalWidths(columns, lines), terminal.columns);
  return lines.map((cells) => `${line(terminal, cells, widths)}\n`).join('');
}

interface CleanCell {
  readonly text: string;
  readonly style: Style | undefined;
}

function clean(cell: Cell): CleanCell {
  return typeof cell === 'string'
    ? { text: harmless(cell), style: undefined }
    : { text: harmless(cell.text), style: cell.style };
}

function line(terminal: Terminal, cells: readonly CleanCell[], widths: readonly number[]): string {
  const padded = cells.map(({ text, style }, index) => {
    const width = widths[index] ?? 0;
    const short = shorten(text, width);
    const shown = style === undefined ? short : styled(terminal, style, short);
    const last = index === cells.length - 1;
    return last ? shown : shown + ' '.repeat(width - textWidth(short));
  });
  return padded.join(GAP).trimEnd();
}

function naturalWidths(
  columns: readonly Column[],
  lines: readonly (readonly CleanCell[])[],
): number[] {
  return columns.map(({ atLeast = 0 }, index) =>
    lines.reduce((widest, cells) => Math.max(widest, textWidth(cells[index]?.text ?? '')), atLeast),
  );
}

/** Shrinks the widest column that may shrink, until the row fits or no column can shrink further. */
function fit(columns: readonly Column[], natural: readonly number[], available?: number): number[] {
  const widths = [...natural];
  if (available === undefined) return widths;
  const gaps = GAP.length * (columns.length - 1);
  let excess = widths.reduce((sum, width) => sum + width, gaps) - available;
  for (; excess > 0; excess -= 1) {
    const widest = widestThatShrinks(columns, widths);
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function widestThatShrinks(columns: readonly Column[], widths: readonly number[]) {
  let best: number | undefined;
  for (const [index, { shrinkTo }] of columns.entries()) {
    const width = widths[index] ?? 0;
    if (shrinkTo === undefined || width <= shrinkTo) continue;
    if (best === undefined || width > (widths[best] ?? 0)) best = index;
  }
  return best;
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

function shorten(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let short = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += textWidth(segment);
    if (used > width - 1) break;
    short += segment;
  }
  return `${short}…`;
}
