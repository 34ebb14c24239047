import { html } from '@remix-run/html-template';

/** A key: shown if the operator has no logo. */
export const brandMark = html`<svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true"><rect width="32" height="32" rx="8"/><g><circle cx="12" cy="12.5" r="5"/><path d="m15.7 16.2 8.3 8.3M20.5 21l2.6-2.6"/></g></svg>`;

/** Something was done. */
export const checkIcon = html`<svg class="sign" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><circle cx="12" cy="12" r="9"/><path d="m8 12.4 2.8 2.8L16.2 9"/></svg>`;

/** Something was refused. */
export const stopIcon = html`<svg class="sign" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.5M12 16.2v.1"/></svg>`;

/** Puts a text on the clipboard. */
export const copyIcon = html`<svg viewBox="0 0 24 24" width="16" height="16" aria-hidden="true"><rect x="9" y="9" width="11" height="11" rx="2"/><path d="M5 15H4V5a1 1 0 0 1 1-1h10v1"/></svg>`;
