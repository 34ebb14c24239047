/** How the provider's pages look: unlike those of nats-sts, so that everybody sees whose page it is. */
export const PEOPLE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#eceaf4, #17151f);
  --card: light-dark(#ffffff, #221f2d);
  --text: light-dark(#221d33, #ece9f5);
  --quiet: light-dark(#5c5670, #b1aac4);
  --line: light-dark(#d3cde2, #433d57);
  --accent: light-dark(#5b3fa8, #c3b0ff);
  --on-accent: light-dark(#ffffff, #1c1530);
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; padding: 1.5rem 1rem; display: grid; place-items: center;
  background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif;
}
main {
  width: 100%; max-width: 26rem; padding: 1.75rem; border: 1px solid var(--line);
  border-top: 4px solid var(--accent); border-radius: 0.75rem; background: var(--card);
}
h1, h2, p, ul { margin: 0; }
h1 { font-size: 1rem; color: var(--accent); }
h2 { margin: 1.25rem 0 0.25rem; font-size: 1.5rem; line-height: 1.25; }
p { overflow-wrap: anywhere; }
.quiet { color: var(--quiet); font-size: 0.875rem; }
ul { padding: 0; list-style: none; }
li { margin-top: 1rem; }
li p { margin-top: 0.25rem; }
button {
  width: 100%; padding: 0.625rem 1rem; border: 1px solid var(--accent); border-radius: 0.5rem;
  background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer;
}
button:hover { filter: brightness(1.1); }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
button.second { border-color: var(--line); background: none; color: var(--text); }
.buttons { display: grid; gap: 0.75rem; margin-top: 1.25rem; }
`;
