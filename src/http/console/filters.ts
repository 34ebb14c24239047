import { html, type SafeHtml } from '@remix-run/html-template';
import { EVENT_TYPES } from '../../audit/event.ts';
import { REASONS } from '../../errors.ts';
import { plain } from '../pages/words/text.ts';
import type { ConsolePageDeps } from './deps.ts';
import { link } from './query.ts';

/** A field of a filter: exact text, or one of a few words. */
export interface FilterField {
  readonly name: string;
  readonly label: string;
  readonly value: string | undefined;
  readonly options: readonly string[] | undefined;
}

/** A GET form: its result is a link that can be shared, and the back button works. */
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
  return html`<div class="field"><label for="${id}">${label}</label>${choosing({ id, name, value, options })}</div>`;
}

interface Control {
  readonly id: string;
  readonly name: string;
  readonly value: string | undefined;
  readonly options: readonly string[] | undefined;
}

/** A longer list does not help, and makes the page large. */
const MAX_OPTIONS = 200;

/** A select if the values are known and few, including the current one; else a text field. */
function choosing(control: Control): SafeHtml {
  const { id, name, value = '', options } = control;
  if (options === undefined || options.length > MAX_OPTIONS) return suggesting(control);
  const all = value === '' || options.includes(value) ? options : [value, ...options];
  return html`<select id="${id}" name="${name}"><option value="">any</option>${all.map(
    (option) =>
      html`<option value="${option}"${option === value ? html` selected` : undefined}>${plain(option, 100)}</option>`,
  )}</select>`;
}

/** A text field that suggests the known values; it also takes names that are no longer in the configuration. */
export function suggesting({ id, name, value = '', options = [] }: Control): SafeHtml {
  const list = options.length > 0 && options.length <= MAX_OPTIONS ? `${id}-names` : undefined;
  return html`<input id="${id}" name="${name}" type="text" value="${value}"${
    list && html` list="${list}"`
  } autocomplete="off" spellcheck="false">${
    list &&
    html`<datalist id="${list}">${options.map((option) => html`<option value="${option}"></option>`)}</datalist>`
  }`;
}

/** The values that a field can have, if known. */
export function optionsOf(
  { console }: ConsolePageDeps,
  field: string,
): readonly string[] | undefined {
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

/** Links to the neighboring pages that exist. */
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
