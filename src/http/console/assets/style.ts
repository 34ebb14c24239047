import { css } from '../../pages/assets/css.ts';

/** What only the console has; colours are those of all pages. */
export const CONSOLE_STYLE = css`
.console-head { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0.25rem 1.5rem; }
.freshness { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1rem; min-height: 2.75rem; }
.freshness [hidden] { display: none; }
.tabs ul { display: flex; flex-wrap: wrap; gap: 0.25rem; margin: 0.5rem 0 1.5rem; padding: 0; list-style: none; border-bottom: 1px solid var(--line); }
.tabs a { display: block; padding: 0.65rem 1rem; color: var(--muted); text-decoration: none; font-weight: 550; border-bottom: 3px solid transparent; margin-bottom: -1px; }
.tabs a:hover { color: var(--text); background: var(--sunken); border-radius: 8px 8px 0 0; }
.tabs a[aria-current] { color: var(--text); border-bottom-color: var(--accent); }
[data-part] { margin-top: 2rem; }
[data-part] > .heading { margin-bottom: 0.85rem; }
[data-part][data-stale] > .heading h2::after { content: " · waits for your input" / " waits for your input"; color: var(--muted); font-weight: 400; font-size: 0.9rem; }

.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1rem; margin: 1rem 0 0; }
.figures > div { display: flex; flex-direction: column-reverse; padding: 1rem 1.25rem; background: var(--surface); border: 1px solid var(--line); border-radius: 12px; }
.figures dt { color: var(--muted); }
.figures dd { margin: 0; font-size: 1.6rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.troubles, .warnings { margin: 0.5rem 0 0; padding: 0; list-style: none; }
.troubles li, .warnings li { padding: 0.5rem 0; border-top: 1px solid var(--line); }
.warnings li:first-child, .troubles li:first-child { border-top: 0; }

.filters { margin-bottom: 1rem; }
.filters .field input { width: 11rem; }
.filters .clear { padding: 0.65rem 0; }
.pager ul { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; margin: 1rem 0 0; padding: 0; list-style: none; }
.pager a { display: inline-block; padding: 0.5rem 0; }

td code, .nowrap { white-space: nowrap; }
.records, .keys { min-width: 54rem; }
.records td { min-width: 6.5rem; max-width: 24rem; }
.keys td:nth-child(4) { min-width: 10rem; }
.keys td:nth-child(5) { min-width: 9rem; }
.records td, .keys td { font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
.records .time { white-space: nowrap; }
a.tag { text-decoration: none; }
a.tag:hover { text-decoration: underline; }
.records td form, .keys td form, .keys th form { display: inline; margin: 0; }
.copy { display: none; padding: 0.3rem; border: 0; border-radius: 6px; background: none; vertical-align: middle; cursor: pointer; }
.copies .copy { display: inline-flex; }
.copy:hover { background: var(--sunken); }
.copy svg { fill: none; stroke: var(--muted); stroke-width: 1.75; }
.copy.done svg { stroke: var(--good); }
.records details, .records details ul { margin: 0; }
.tag.off { background: var(--sunken); color: var(--muted); }

.account .heading form { margin: 0 0 0 auto; }
[data-part="keys"] > .heading form { margin: 0 0 0 auto; }
.keys th.timeline, .keys td.timeline { min-width: 16rem; width: 40%; padding-left: 0.25rem; padding-right: 0.25rem; }
.keys td, .keys tbody th { padding-top: 0.35rem; padding-bottom: 0.35rem; vertical-align: middle; }
.keys .slot th { padding-top: 0.85rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; margin: 0; padding: 0; list-style: none; color: var(--muted); font-size: 0.9rem; }
.legend li { display: flex; align-items: center; gap: 0.5rem; }
.patterns { position: absolute; }
.span { display: block; overflow: visible; }
.span text { fill: var(--muted); font-size: 0.8rem; }
.phase { stroke-width: 1.5; }
.phase.staged { fill: none; stroke: var(--accent); stroke-dasharray: 4 3; }
.phase.active { fill: var(--good); stroke: var(--good); }
.phase.draining { stroke: var(--warn); }
.phase.planned { opacity: 0.45; }
.hatch { fill: var(--warn); }
.retired .phase { opacity: 0.35; }
.retired .end { fill: var(--text); }
.span .now { stroke: var(--text); stroke-width: 2; }
.span .next { stroke: var(--muted); stroke-width: 1.5; stroke-dasharray: 2 3; }

.confirm { max-width: 46rem; }
.reason input { width: 100%; max-width: 40rem; }
.problem { margin: 0; color: var(--bad); font-weight: 550; }
.kind { grid-template-columns: auto minmax(0, 1fr); cursor: default; }
.kind label { cursor: pointer; font-weight: 600; }
.kind .row { margin-top: 0.5rem; }
.kind .field { grid-template-columns: minmax(0, 1fr); width: 22rem; max-width: 100%; }
.kind .field input { width: 100%; height: auto; margin: 0; }
.kind .field label { font-weight: 400; color: var(--muted); }
@media (max-width: 40rem) {
  .filters .field, .filters .field input, .filters .field select { width: 100%; }
}
@media (max-width: 52rem) {
  .records, .keys { display: block; min-width: 0; }
  .records thead, .keys thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .records tbody, .keys tbody { display: block; }
  .records tr, .keys tr { display: block; padding: 0.6rem 0.9rem; border-top: 1px solid var(--line); }
  .records tbody:first-of-type tr:first-child { border-top: 0; }
  .records td, .keys td { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); gap: 0 0.75rem; max-width: none; padding: 0.15rem 0; border: 0; overflow-wrap: anywhere; }
  .records td[data-label]::before, .keys td[data-label]::before { content: attr(data-label); color: var(--muted); }
  .records td.none, .keys td.none { display: none; }
  .records .folded td, .keys td.timeline, .keys .slot td { display: block; }
  .keys td.timeline { width: auto; min-width: 0; padding: 0.35rem 0; }
  .keys .slot { display: flex; align-items: center; justify-content: space-between; gap: 0.75rem; background: var(--sunken); }
  .keys .slot th { padding: 0; border: 0; }
}
@media (forced-colors: active) {
  .phase.active { fill: CanvasText; stroke: CanvasText; }
  .phase.staged, .phase.draining { stroke: CanvasText; }
  .hatch { fill: CanvasText; }
}
`;
