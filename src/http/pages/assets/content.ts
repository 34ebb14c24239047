import { css } from './css.ts';

/** Headings, texts, cards, facts, tables. */
export const CONTENT = css`
h1, h2, h3 { margin: 0 0 0.5rem; line-height: 1.25; letter-spacing: -0.015em; text-wrap: balance; }
h1 { font-size: clamp(1.5rem, 1.2rem + 1.4vw, 1.95rem); font-weight: 680; }
h2 { font-size: 1.25rem; font-weight: 650; }
h3 { font-size: 1.1rem; font-weight: 650; }
h4, .minor { margin: 0 0 0.25rem; font-size: 0.95rem; font-weight: 600; line-height: 1.4; letter-spacing: 0; }
p.minor { margin-top: 0.75rem; color: var(--muted); }
h4 code { font-weight: 500; }
.small { font-size: 0.9rem; margin-top: 0.5rem; }
section { margin-top: 2.75rem; }
p { margin: 0 0 0.85rem; }
p:last-child, ul:last-child { margin-bottom: 0; }
.lead { font-size: 1.08rem; color: var(--muted); max-width: 42rem; }
.muted, .reference { color: var(--muted); }
.reference { margin-top: 1.5rem; font-size: 0.9rem; }
code, pre, .mono { font-family: ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.9em; }
code { padding: 0.1em 0.35em; background: var(--sunken); border: 1px solid var(--line); border-radius: 5px; }
.all { display: inline-block; max-width: 100%; user-select: all; -webkit-user-select: all; }
em { font-style: normal; color: var(--muted); }

.narrow { max-width: 30rem; margin-left: auto; margin-right: auto; }
.hero { max-width: 40rem; margin: clamp(0rem, 5vh, 4rem) auto 0; }
.hero > .card { margin: 1.75rem 0 0; }
.hero > .card:first-child { margin: 0 0 1.75rem; }
.ways { display: grid; gap: 0.75rem; margin: 1.25rem 0 0; padding: 0; list-style: none; }
.ways .button { width: 100%; }

.cards { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.25rem; margin: 1.25rem 0 0; padding: 0; list-style: none; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 14px; padding: 1.5rem; box-shadow: 0 1px 2px rgb(15 20 30 / 0.05); }
.card + .card { margin-top: 1.25rem; }
.cards > .card + .card { margin-top: 0; }
.card > h2:first-child, .card > h3:first-child { margin-bottom: 0.35rem; }
.card section, .card form { margin-top: 1.25rem; }
.heading { display: flex; flex-wrap: wrap; align-items: center; gap: 0.4rem 0.75rem; margin-bottom: 0.5rem; }
.heading h1, .heading h2, .heading h3 { margin: 0; }
.card .notice { margin: 1.1rem 0; padding: 0.85rem 1rem; border-radius: 10px; box-shadow: none; background: var(--sunken); }
.card .notice.bad { background: var(--bad-soft); }
.card .notice.warn { background: var(--warn-soft); }
.notice { border-left-width: 5px; border-left-color: var(--accent); }
.notice.good { border-left-color: var(--good); }
.notice.bad { border-left-color: var(--bad); }
.notice.warn { border-left-color: var(--warn); }
.sign { flex: none; color: var(--accent); }
.good .sign { color: var(--good); }
.bad .sign { color: var(--bad); }
.warn .sign { color: var(--warn); }
.tag { display: inline-block; padding: 0.12rem 0.6rem; border-radius: 999px; background: var(--accent-soft); color: var(--accent); font-size: 0.85rem; font-weight: 550; }
.tag.good { background: var(--good-soft); color: var(--good); }
.tag.bad { background: var(--bad-soft); color: var(--bad); }
.tag.warn { background: var(--warn-soft); color: var(--warn); }

.facts { display: grid; gap: 0.55rem; margin: 1.1rem 0 0; }
.card > .facts:first-child { margin-top: 0; }
.facts > div { display: grid; grid-template-columns: minmax(8rem, 12rem) 1fr; gap: 0.1rem 1.25rem; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; min-width: 0; }
.may { margin: 0.35rem 0 0; padding: 0; list-style: none; }
.may li { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.1rem 0.75rem; padding: 0.4rem 0; border-top: 1px solid var(--line); }
.may li:first-child { border-top: 0; }
.columns { display: grid; gap: 1.25rem 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); margin-top: 1.25rem; }
.command { position: relative; margin: 0.5rem 0 0; padding: 0.85rem 1rem; white-space: pre-wrap; background: var(--sunken); border: 1px solid var(--line); border-radius: 10px; line-height: 1.5; user-select: all; -webkit-user-select: all; }
.command code { padding: 0; background: none; border: 0; }
.code { display: inline-block; padding: 0.35rem 0.9rem; font-size: 1.75rem; font-weight: 650; letter-spacing: 0.12em; background: var(--accent-soft); color: var(--text); border: 0; border-radius: 10px; }
.said { margin: 1rem 0; padding: 0.85rem 1rem; background: var(--sunken); border-radius: 10px; }
.said figcaption { color: var(--muted); font-size: 0.9rem; }
.said blockquote { margin: 0.25rem 0 0; }

.scroll { position: relative; overflow-x: auto; border: 1px solid var(--line); border-radius: 12px; background: var(--surface); }
table { width: 100%; border-collapse: collapse; font-size: 0.94rem; }
th, td { padding: 0.6rem 0.9rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line); overflow-wrap: normal; }
thead th { border-top: 0; color: var(--muted); font-weight: 550; background: var(--sunken); white-space: nowrap; }
tbody th { font-weight: 550; }
caption { text-align: left; padding: 0.75rem 0.9rem; color: var(--muted); }

@media (max-width: 40rem) {
  .card { padding: 1.15rem; border-radius: 12px; }
  .card > .facts:first-child { margin-top: 0; }
.facts > div { grid-template-columns: 1fr; }
  .code { font-size: 1.4rem; }
}
`;
