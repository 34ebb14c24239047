/** A key in a ring, as the icon of the tab: an image of its own, so it brings its colours along. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#2f5bd0"/>
<g fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round">
<circle cx="12" cy="12.5" r="5"/><path d="m15.7 16.2 8.3 8.3M20.5 21l2.6-2.6"/>
</g></svg>
`;
