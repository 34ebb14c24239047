import { fetchedKeySet } from './fetched-key-set.ts';
import type { IssuerSpec } from '../issuer.ts';
import { indexKeys } from './key-index.ts';
import { chosen, noSuchKey, noticeOf, whyEmpty } from './key-refusals.ts';
import type { KeySet, KeySetParts } from './key-set.ts';

/** The keys of an issuer: those in the configuration, or those that the issuer publishes. */
export function createKeySet(parts: KeySetParts): KeySet {
  const { keys } = parts.spec;
  return keys.kind === 'static'
    ? staticKeySet(keys.jwks.keys, parts.spec.algorithms)
    : fetchedKeySet(parts, keys);
}

function staticKeySet(jwks: readonly unknown[], algorithms: IssuerSpec['algorithms']): KeySet {
  const keys = indexKeys(jwks, algorithms);
  return {
    keys: (header) => chosen(keys, header) ?? noSuchKey(header, keys),
    newer: () => ({ keys: undefined }),
    prewarm: async () => {},
    refreshIfDue: () => {},
    status: () => ({
      ready: keys.size > 0,
      fetchedAt: undefined,
      lastError: whyEmpty(keys),
      notice: noticeOf(keys),
    }),
    close: () => {},
  };
}
