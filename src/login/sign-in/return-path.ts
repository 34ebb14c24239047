const MAX_CHARACTERS = 2_000;

/** What people are sent to `/login` from, and can be shown when they come back. */
const PAGES = /^\/(?:$|\?|device(?:$|\?)|authorize\?|console(?:$|[?/]))/;
/** For the script of a page; a person would see its wire format. */
const NO_PAGES = /^\/console\/events(?:$|[?/])/;

/**
 * Where a person wanted to go: a page of ours, with its query; `/` for everything else. Browsers
 * take `//host` and `/\host` for another host, and drop tabs and line ends before they look, so
 * what counts is what the parser that they share (WHATWG URL) makes of it.
 */
export function safeReturnPath(text: string, publicUrl: string): string {
  if (text.length > MAX_CHARACTERS || !text.startsWith('/') || /\p{Cc}/u.test(text)) return '/';
  const base = URL.parse(publicUrl);
  const url = URL.parse(text, publicUrl);
  if (base === null || url === null || url.origin !== base.origin) return '/';
  const path = `${url.pathname}${url.search}`;
  // `/.//host` and the like: dots are gone by now, and what is left could be taken for a host.
  if (path.startsWith('//') || path.length > MAX_CHARACTERS) return '/';
  return PAGES.test(path) && !NO_PAGES.test(path) ? path : '/';
}
