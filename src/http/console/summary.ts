import { html, type SafeHtml } from '@remix-run/html-template';
import type { KeysAnswer } from '../../admin-api/keys.ts';
import { Refusal } from '../../errors.ts';
import type { CredentialsPage } from '../admin/actions.ts';
import type { PartStatus } from '../service-routes.ts';
import type { ConfigurationWarning } from './deps.ts';
import { counted as amount } from './words.ts';

interface Summary {
  readonly status: Readonly<Record<string, PartStatus>>;
  readonly keys: KeysAnswer | Refusal;
  readonly counted: CredentialsPage | Refusal;
  readonly warnings: readonly ConfigurationWarning[];
}

/** Health and totals. */
export function summary({ status, keys, counted, warnings }: Summary): SafeHtml {
  const known = keys instanceof Refusal ? undefined : keys;
  const total = counted instanceof Refusal ? undefined : counted.total;
  return html`${health(status, known, warnings)}
<dl class="figures">${figure('Valid credentials', total)}${figure('Live connections', connections(known))}${figure(
    'Accounts',
    known?.accounts.length,
  )}</dl>`;
}

/** Only for keys in a ring: keys in the configuration that do not rotate are not counted. */
function connections(keys: KeysAnswer | undefined): number | undefined {
  if (!keys?.sessions_known) return undefined;
  return keys.accounts
    .flatMap((account) => account.keys)
    .reduce((sum, { sessions }) => sum + (sessions ?? 0), 0);
}

function figure(name: string, value: number | undefined): SafeHtml {
  return html`<div><dt>${name}</dt><dd>${value === undefined ? 'unknown' : value.toLocaleString('en')}</dd></div>`;
}

function health(
  status: Summary['status'],
  keys: KeysAnswer | undefined,
  warnings: Summary['warnings'],
): SafeHtml {
  const troubles = Object.entries(status).filter(([, { ready }]) => !ready);
  const down = troubles.some(([, { essential }]) => essential);
  const [tag, word] = down
    ? ['bad', 'Not ready']
    : troubles.length > 0
      ? ['warn', 'Ready, with problems']
      : ['good', 'Ready'];
  return html`<p class="health"><span class="tag ${tag}">${word}</span> ${
    troubles.length === 0 ? html`All parts work.` : undefined
  } ${rotatorLine(keys)} ${warningsLine(warnings)}</p>${
    troubles.length === 0
      ? undefined
      : html`<ul class="troubles">${troubles.map(([name, { message }]) => html`<li><strong>${name}</strong>: ${message ?? 'not ready'}</li>`)}</ul>`
  }`;
}

function rotatorLine(keys: KeysAnswer | undefined): SafeHtml {
  if (!keys) return html`<span class="tag warn">The store cannot be read</span>`;
  const { leader } = keys.rotator;
  if (leader !== null) return html`Keys are rotated by <code>${leader}</code>.`;
  const needed = keys.accounts.some(
    (account) => account.keys.length > 0 || account.kind === 'managed',
  );
  return needed
    ? html`<span class="tag warn">No rotator is running: keys do not rotate</span>`
    : html``;
}

function warningsLine(warnings: readonly ConfigurationWarning[]): SafeHtml | undefined {
  const count = warnings.filter((warning) => rank(warning) === 0).length;
  if (count === 0) return undefined;
  return html`<a class="tag warn" href="#configuration-title">${amount(count, 'configuration warning')}</a>`;
}

/** Configuration that is valid but probably not intended. */
export function warningList(warnings: readonly ConfigurationWarning[]): SafeHtml {
  if (warnings.length === 0) return html`<p class="muted">No configuration warnings.</p>`;
  const sorted = [...warnings].sort((a, b) => rank(a) - rank(b));
  return html`<ul class="warnings">${sorted.map(
    ({ id, path, line, message, level = 'warning' }) =>
      html`<li><span class="tag${level === 'warning' ? ' warn' : ''}">${level}</span> <code>${path}</code>${line === undefined ? undefined : html` <span class="muted">line ${line}</span>`} ${message} <span class="muted">(${id})</span></li>`,
  )}</ul>`;
}

function rank({ level = 'warning' }: ConfigurationWarning): number {
  return level === 'warning' ? 0 : 1;
}
