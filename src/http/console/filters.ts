import { html, type SafeHtml } from '@remix-run/html-template';
import { EVENT_TYPES } from '../../audit/event.ts';
import { REASONS } from '../../errors.ts';
import { plain } from '../pages/text.ts';
import type { ConsoleParts } from './doors.ts';
import { link } from './query.ts';

/** A field of a filter: exact text, or one of a few words. */
export interface FilterField {
  readonly name: string;
  readonly label: string;
  readonly value: string | undefined;
  readonly options: readonly string[] | undefined;
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
  return html`<div class="field"><label for="${id}">${label}</label>${control({ id, name, value, options, none: 'any' })}</div>`;
}

export interface Control {
  readonly id: string;
  readonly name: string;
  readonly value: string | undefined;
  readonly options: readonly string[] | undefined;
  /** What the choice of nothing is called. */
  readonly none: string;
}

/** Beyond this a list is no help, and makes the page large. */
const MAX_OPTIONS = 200;

/** A choice where the values are known and few, with the one that is asked for among them; else a text. */
export function control({ id, name, value = '', options, none }: Control): SafeHtml {
  if (options === undefined || options.length > MAX_OPTIONS) {
    return html`<input id="${id}" name="${name}" type="text" value="${value}" autocomplete="off" spellcheck="false">`;
  }
  const all = value === '' || options.includes(value) ? options : [value, ...options];
  return html`<select id="${id}" name="${name}"><option value="">${none}</option>${all.map(
    (option) =>
      html`<option value="${option}"${option === value ? html` selected` : undefined}>${plain(option, 100)}</option>`,
  )}</select>`;
}

/** The values that a field can have, where the configuration or the program says so. */
export function optionsOf({ console }: ConsoleParts, field: string): readonly string[] | undefined {
  const { issuers, roles, bindings, accounts } = console.names();
  const known: Readonly<Record<string, readonly string[]>> = {
    type: EVENT_TYPES,
    reason: Object.keys(REASONS),
    issuer: issuers,
    role: roles,
    binding: bindings,
    account: accounts,
  };
  return known[field];
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
