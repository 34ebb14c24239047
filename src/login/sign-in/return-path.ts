const MAX_CHARACTERS = 2_000;

/** Pages that send people to `/login` and can be shown when they return. */
const PAGES = /^\/(?:$|\?|device(?:$|\?)|authorize\?|console(?:$|[?/]))/;
/** For the script of a page; a person would see the wire format. */
const NO_PAGES = /^\/console\/events(?:$|[?/])/;

/**
 * Where a person wanted to go: one of our pages with its query, or `/` for anything else. Browsers
 * read `//host` and `/\host` as another host, and remove tabs and line breaks first, so the WHATWG URL
 * parser, which browsers use too, decides.
 */
export function safeReturnPath(text: string, publicUrl: string): string {
  if (text.length > MAX_CHARACTERS || !text.startsWith('/') || /\p{Cc}/u.test(text)) return '/';
  const base = URL.parse(publicUrl);
  const url = URL.parse(text, publicUrl);
  if (base === null || url === null || url.origin !== base.origin) return '/';
  const path = `${url.pathname}${url.search}`;
  // After the parser removed the dots of `/.//host`, the rest could be read as a host.
  if (path.startsWith('//') || path.length > MAX_CHARACTERS) return '/';
  return PAGES.test(path) && !NO_PAGES.test(path) ? path : '/';
}
