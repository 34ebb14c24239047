import { indexKeys, type KeyIndex, MAX_KEYS } from '../../identity/keys/key-index.ts';
import { type LeftOut, showKey } from '../../identity/keys/left-out.ts';
import type { Pitfall } from './pitfall.ts';

/** Checks each key set in the configuration, as its issuer will read it. */
function perKeySet(look: (keys: KeyIndex) => readonly string[]): Pitfall {
  return function* hints({ issuers }) {
    for (const [name, { spec }] of issuers.entries) {
      if (spec.keys.kind !== 'static') continue;
      const path = `issuers.${name}.jwks`;
      for (const message of look(indexKeys(spec.keys.jwks.keys, spec.algorithms))) {
        yield { path, message };
      }
    }
  };
}

function sentence(key: LeftOut): string {
  return `${showKey(key.kid)} is ignored: it ${key.why}`;
}

/** `jwks-unusable` */
export const jwksUnusable = perKeySet(({ size }) =>
  size > 0
    ? []
    : [
        'contains no usable key, so every token of this issuer is rejected: give its signature keys',
      ],
);

/** `jwks-key-left-out` */
export const jwksKeyLeftOut = perKeySet(({ leftOut }) =>
  leftOut.filter(({ faulty }) => faulty).map(sentence),
);

/** `jwks-key-for-others`: key sets of issuers also contain keys for encryption and for other algorithms. */
export const jwksKeyForOthers = perKeySet(({ leftOut }) =>
  leftOut.filter(({ faulty }) => !faulty).map(sentence),
);

/** `jwks-too-many-keys` */
export const jwksTooManyKeys = perKeySet(({ beyond }) =>
  beyond === 0
    ? []
    : [
        `contains ${MAX_KEYS + beyond} keys, but only the first ${MAX_KEYS} are used: remove old ones`,
      ],
);
