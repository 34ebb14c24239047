import { css } from './css.ts';

/** Ground, header, main column, footer. */
export const FRAME = css`
*, *::before, *::after { box-sizing: border-box; }
html { font: 100%/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: flex; flex-direction: column; background: var(--ground); color: var(--text); overflow-wrap: anywhere; }
a { color: var(--accent); text-underline-offset: 0.18em; text-decoration-thickness: 0.06em; }
a:hover { text-decoration-thickness: 0.12em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
main:focus { outline: none; }
.hidden { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 1rem; top: -6rem; z-index: 2; padding: 0.6rem 1rem; background: var(--surface); border: 1px solid var(--control); border-radius: 8px; }
.skip:focus { top: 0.75rem; }

.bar { width: 100%; max-width: 72rem; margin: 0 auto; padding: 0 1.25rem; }
.top { background: var(--surface); border-bottom: 1px solid var(--line); }
.top .bar { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1.5rem; min-height: 3.75rem; padding-top: 0.5rem; padding-bottom: 0.5rem; }
.brand { display: inline-flex; align-items: center; gap: 0.65rem; min-height: 2.75rem; font-weight: 650; letter-spacing: -0.01em; color: var(--text); text-decoration: none; }
.brand:hover span { text-decoration: underline; }
.brand img { display: block; height: 28px; width: auto; max-width: 12rem; }
.mark { display: block; flex: none; }
.mark rect { fill: var(--button); }
.mark g, .sign { fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.mark g { stroke: var(--button-text); stroke-width: 2.6; }
.top nav ul { display: flex; gap: 0.25rem; margin: 0; padding: 0; list-style: none; }
.top nav a { display: block; padding: 0.5rem 0.75rem; border-radius: 8px; color: var(--muted); text-decoration: none; font-weight: 500; }
.top nav a:hover { background: var(--sunken); color: var(--text); }
.top nav a[aria-current] { color: var(--text); background: var(--sunken); box-shadow: inset 0 -2px 0 var(--accent); }
.person { margin-left: auto; display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1rem; min-width: 0; }
.who { color: var(--muted); max-width: 20rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }

main { flex: 1; width: 100%; margin: 0 auto; padding: 2.75rem 1.25rem 4rem; }
main.column { max-width: 48rem; }
main.wide { max-width: 72rem; }
.bottom { border-top: 1px solid var(--line); color: var(--muted); font-size: 0.9rem; }
.bottom .bar { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.25rem 2rem; padding-top: 1.25rem; padding-bottom: 1.25rem; }
.bottom p { margin: 0; }

@media (max-width: 40rem) {
  main { padding-top: 1.5rem; padding-bottom: 2.5rem; }
  .bar, main { padding-left: 1rem; padding-right: 1rem; }
  .top .bar { gap: 0.25rem 0.75rem; }
  .top nav { order: 3; width: 100%; margin-left: -0.75rem; }
  .who { max-width: 9rem; }
}
@media (prefers-reduced-motion: no-preference) {
  a, button, .button, input, select { transition: background-color 0.12s, border-color 0.12s, box-shadow 0.12s; }
}
@media print { .top, .bottom, .skip { display: none; } }
`;
