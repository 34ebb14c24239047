import { isLoopback } from './addresses.ts';

/**
 * What is wrong with an issuer's URL, or undefined (OIDC Discovery §3, RFC 8414 §2: https, no query,
 * no fragment). It is never normalized, because a token's `iss` is compared with it byte for byte.
 */
export function urlFault(text: string, allowInsecureHttp: boolean): string | undefined {
  if (!URL.canParse(text) || !/^[\x21-\x7e]+$/.test(text) || text.includes('\\')) {
    return 'is not a URL such as https://id.example.com';
  }
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || /^[^/]*\/\/[^/]*@/.test(text)) {
    return 'contains a user name: remove everything up to the @';
  }
  if (text.includes('?')) return 'contains a query: remove everything from the ?';
  if (text.includes('#')) return 'contains a fragment: remove everything from the #';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol !== 'http:') return 'must begin with https://';
  if (!isLoopback(url.hostname))
    return 'must begin with https:// (plain http is allowed only for loopback hosts)';
  return allowInsecureHttp
    ? undefined
    : 'is plain http: use https, or add allowInsecureHttp: true for this loopback host';
}
