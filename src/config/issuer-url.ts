import { isLoopback } from './addresses.ts';

/**
 * What is wrong with an issuer's URL, or undefined (OIDC Discovery §3, RFC 8414 §2: https, no query,
 * no fragment). It is never normalised: a token's `iss` is compared with it byte for byte.
 */
export function urlFault(text: string, allowInsecureHttp: boolean): string | undefined {
  if (!URL.canParse(text) || !/^[\x21-\x7e]+$/.test(text) || text.includes('\\')) {
    return 'is not a URL such as https://id.example.com';
  }
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || /^[^/]*\/\/[^/]*@/.test(text)) {
    return 'holds a user name: leave everything up to the @ out';
  }
  if (text.includes('?')) return 'holds a query: leave everything from the ? on out';
  if (text.includes('#')) return 'holds a fragment: leave everything from the # on out';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol !== 'http:') return 'must begin with https://';
  if (!isLoopback(url.hostname))
    return 'must begin with https:// (plain http is for loopback hosts only)';
  return allowInsecureHttp
    ? undefined
    : 'is plain http: use https, or add allowInsecureHttp: true for this loopback host';
}
