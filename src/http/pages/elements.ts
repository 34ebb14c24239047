import { html, type SafeHtml } from '@remix-run/html-template';

/** Hidden fields: what the form is about. */
export function hidden(fields: Readonly<Record<string, string | undefined>>): SafeHtml[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [html`<input type="hidden" name="${name}" value="${value}">`],
  );
}

/** A line to copy: one click selects all of it. It is one line even if it wraps. */
export function commandLine(text: string): SafeHtml {
  return html`<pre class="command"><code>${text}</code></pre>`;
}

/** Names and values. */
export function facts(
  entries: readonly (readonly [name: string, value: SafeHtml | string])[],
): SafeHtml {
  return html`<dl class="facts">${entries.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}
