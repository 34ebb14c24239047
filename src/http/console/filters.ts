import { html, type SafeHtml } from '@remix-run/html-template';
import { link } from './query.ts';

/** A field of a filter: exact text, or one of a few words. */
export interface FilterField {
  readonly name: string;
  readonly label: string;
  readonly value: string | undefined;
  readonly options?: readonly string[];
}

/** A form whose answer is a link: it can be sent on, and the back button works. */
export function filterForm(path: string, label: string, entries: readonly FilterField[]): SafeHtml {
  const filtered = entries.some(({ value }) => value !== undefined);
  return html`<form class="filters row" method="get" action="${path}" role="search" aria-label="${label}">
${entries.map(filterField)}
<button class="button secondary" type="submit">Filter</button>${
    filtered ? html` <a class="clear" href="${path}">Show all</a>` : undefined
  }
</form>`;
}

function filterField({ name, label, value, options }: FilterField): SafeHtml {
  const id = `filter-${name}`;
  const control = options
    ? html`<select id="${id}" name="${name}"><option value="">any</option>${options.map(
        (option) =>
          html`<option value="${option}"${option === value ? html` selected` : undefined}>${option}</option>`,
      )}</select>`
    : html`<input id="${id}" name="${name}" type="text" value="${value ?? ''}" autocomplete="off" spellcheck="false">`;
  return html`<div class="field"><label for="${id}">${label}</label>${control}</div>`;
}

/** Links to the neighbouring pages, those that there are. */
export function pager(
  path: string,
  filter: Readonly<Record<string, string | undefined>>,
  pages: readonly (readonly [text: string, place: Readonly<Record<string, string>> | undefined])[],
): SafeHtml | undefined {
  const there = pages.filter(([, place]) => place !== undefined);
  if (there.length === 0) return undefined;
  return html`<nav class="pager" aria-label="Pages"><ul>${there.map(
    ([text, place]) => html`<li><a href="${link(path, { ...filter, ...place })}">${text}</a></li>`,
  )}</ul></nav>`;
}
