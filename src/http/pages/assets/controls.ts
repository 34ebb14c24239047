import { css } from './css.ts';

/** Buttons, fields, choices. What one operates is at least 44 px high where fingers are. */
export const CONTROLS = css`
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: 0.75rem; margin: 1.25rem 0 0; }
.button { display: inline-flex; align-items: center; justify-content: center; min-height: 2.75rem; padding: 0.5rem 1.25rem; border: 1px solid var(--button); border-radius: 9px; background: var(--button); color: var(--button-text); font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; }
.button:hover { background: var(--button-hover); border-color: var(--button-hover); }
.button.secondary { background: var(--surface); border-color: var(--control); color: var(--text); }
.button.secondary:hover { background: var(--sunken); }
.button.danger { background: var(--surface); border-color: var(--bad); color: var(--bad); }
.button.danger:hover { background: var(--bad-soft); }
.button.small { min-height: 2.1rem; padding: 0.15rem 0.8rem; font-size: 0.9rem; white-space: nowrap; }
.button.wide { width: 100%; justify-content: flex-start; }
.quiet { min-height: 2.75rem; padding: 0.25rem 0; border: 0; background: none; color: var(--accent); font: inherit; text-decoration: underline; text-underline-offset: 0.18em; text-decoration-thickness: 0.06em; cursor: pointer; }
.quiet:hover { text-decoration-thickness: 0.12em; }

form { margin: 0; }
.row { display: flex; flex-wrap: wrap; align-items: flex-end; gap: 0.75rem 1rem; }
.field { display: grid; gap: 0.3rem; }
.field > label, legend { font-weight: 600; }
input[type="text"], input[type="search"], input:not([type]), select, textarea { min-height: 2.75rem; padding: 0.45rem 0.75rem; border: 1px solid var(--control); border-radius: 9px; background: var(--surface); color: var(--text); font: inherit; max-width: 100%; }
input.big { width: 13rem; font-size: 1.4rem; font-weight: 600; letter-spacing: 0.12em; text-transform: uppercase; font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
fieldset { min-width: 0; margin: 1.25rem 0 0; padding: 0; border: 0; }
legend { padding: 0; margin-bottom: 0.5rem; }
legend h2 { margin: 0; font-size: 1.1rem; }
.choice { display: grid; grid-template-columns: auto 1fr; align-items: start; gap: 0.1rem 0.85rem; padding: 1rem; border: 1px solid var(--line); border-radius: 12px; cursor: pointer; }
.choice + .choice { margin-top: 0.6rem; }
.choice:hover { border-color: var(--control); }
.choice:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
.choice input[type=radio], .choice input[type=checkbox] { width: 1.15rem; height: 1.15rem; margin: 0.2rem 0 0; accent-color: var(--button); }
.choice > span { min-width: 0; }
details { margin-top: 1.1rem; }
summary { display: inline-block; min-height: 1.75rem; color: var(--accent); cursor: pointer; }
summary::before { content: "▸ " / ""; }
details[open] > summary::before { content: "▾ " / ""; }
@media (forced-colors: active) { .button, .card, .tag { border: 1px solid; } }
`;
