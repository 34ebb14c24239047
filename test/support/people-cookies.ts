/** What a browser keeps (RFC 6265bis), as far as our pages and the provider use it. */
export interface CookieJar {
  /** `Set-Cookie` headers that this address answered with. */
  take(url: URL, setCookies: readonly string[]): void;
  /** The `Cookie` header for this address; empty when there are none. */
  headerFor(url: URL, context?: { readonly crossSitePost: boolean }): string;
  /** Names of all that are kept. */
  names(): string[];
  /** By name, of whatever host. */
  value(name: string): string | undefined;
  put(url: URL, name: string, value: string): void;
  clear(): void;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly path: string;
  readonly secure: boolean;
  readonly sameSite: string;
}

export function createCookieJar(): CookieJar {
  const cookies = new Map<string, Cookie>();
  const keyOf = ({ host, path, name }: Cookie) => `${host} ${path} ${name}`;
  return {
    take(url, setCookies) {
      for (const text of setCookies) {
        const { cookie, over } = parse(url, text);
        if (cookie.secure && url.protocol !== 'https:') continue;
        if (cookie.name.startsWith('__Host-') && !(cookie.secure && cookie.path === '/')) continue;
        if (over) cookies.delete(keyOf(cookie));
        else cookies.set(keyOf(cookie), cookie);
      }
    },
    headerFor(url, { crossSitePost } = { crossSitePost: false }) {
      return [...cookies.values()]
        .filter((cookie) => goesTo(cookie, url) && !(crossSitePost && cookie.sameSite !== 'none'))
        .map(({ name, value }) => `${name}=${value}`)
        .join('; ');
    },
    names: () => [...cookies.values()].map(({ name }) => name),
    value: (wanted) => [...cookies.values()].find(({ name }) => name === wanted)?.value,
    put(url, name, value) {
      const secure = url.protocol === 'https:';
      const cookie = { name, value, host: url.hostname, path: '/', secure, sameSite: 'lax' };
      cookies.set(keyOf(cookie), cookie);
    },
    clear: () => cookies.clear(),
  };
}

function goesTo({ host, path, secure }: Cookie, url: URL): boolean {
  const below =
    url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
  return host === url.hostname && below && (!secure || url.protocol === 'https:');
}

function parse(url: URL, text: string): { readonly cookie: Cookie; readonly over: boolean } {
  const [pair = '', ...rest] = text.split(';').map((part) => part.trim());
  const attributes = new Map(
    rest.map((part): [string, string] => {
      const [name = '', value = ''] = part.split(/=(.*)/s);
      return [name.toLowerCase(), value];
    }),
  );
  const [name = '', value = ''] = pair.split(/=(.*)/s);
  const cookie = {
    name,
    value,
    host: url.hostname,
    path: attributes.get('path') ?? '/',
    secure: attributes.has('secure'),
    sameSite: (attributes.get('samesite') ?? 'lax').toLowerCase(),
  };
  return { cookie, over: isOver(attributes) };
}

/** RFC 6265bis §5.7: Max-Age counts before Expires. */
function isOver(attributes: ReadonlyMap<string, string>): boolean {
  const maxAge = attributes.get('max-age');
  if (maxAge !== undefined) return Number(maxAge) <= 0;
  const expires = attributes.get('expires');
  return expires !== undefined && Date.parse(expires) <= Date.now();
}
