import { html, type SafeHtml } from '@remix-run/html-template';
import { scroll } from '../frame.ts';

/** One record; undefined for an empty column. A folded row spans all columns. */
export type RecordRow = readonly (SafeHtml | string | undefined)[] | { readonly folded: SafeHtml };

/** The last column, if rows have actions. */
export const ACTION = 'Action';

/**
 * A table of records. On a narrow screen, each row becomes a list of cells with their column names, so
 * that nothing is cut off and every action stays within reach.
 */
export function recordTable(
  label: string,
  columns: readonly string[],
  rows: readonly RecordRow[],
): SafeHtml {
  const head = columns.map((name) =>
    name === ACTION
      ? html`<th scope="col"><span class="hidden">${ACTION}</span></th>`
      : html`<th scope="col">${name}</th>`,
  );
  const body = rows.map((row) =>
    'folded' in row
      ? html`<tr class="folded"><td colspan="${columns.length}">${row.folded}</td></tr>`
      : html`<tr>${row.map((content, index) => cell(columns[index] ?? '', content))}</tr>`,
  );
  return scroll(
    label,
    html`<table class="records"><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`,
  );
}

/** A cell that knows the name of its column. */
export function cell(column: string, content: SafeHtml | string | undefined): SafeHtml {
  if (content === undefined) return html`<td class="none">–</td>`;
  return html`<td data-label="${column === ACTION ? '' : column}"><div>${content}</div></td>`;
}
