import { Refusal } from '../../errors.ts';
import type { TokenHeader } from '../header.ts';
import { type Candidates, type KeyIndex, MAX_KEYS } from './key-index.ts';
import { showLeftOut } from './left-out.ts';
import { show } from '../show.ts';

type HeaderNames = Pick<TokenHeader, 'alg' | 'kid'>;

/** The keys to try, or a refusal that no fetch could change; undefined when there is none. */
export function chosen(keys: KeyIndex, header: HeaderNames): Candidates | Refusal | undefined {
  const found = keys.find(header);
  return found === 'ambiguous' ? ambiguous(header) : found;
}

function ambiguous({ kid }: HeaderNames): Refusal {
  return new Refusal(
    'key_unknown',
    kid === undefined
      ? 'The token does not name its key ("kid"), and too many of its issuer\'s keys would fit.'
      : `The token's issuer has too many keys named ${show(kid)}.`,
  );
}

/** The key set has no such key that can be used. If it has one that cannot, the refusal says why. */
export function noSuchKey(
  { alg, kid }: HeaderNames,
  { leftOut }: Pick<KeyIndex, 'leftOut'>,
  retryAfterSeconds?: number,
): Refusal {
  const asked = leftOut.filter((key) => (kid === undefined ? key.faulty : key.kid === kid));
  const what = kid === undefined ? `key for ${alg}` : `key named ${show(kid)} for ${alg}`;
  const more = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return asked.length === 0
    ? new Refusal('key_unknown', `The token's issuer has no ${what}.`, more)
    : new Refusal(
        'key_unusable',
        `The token's issuer has no usable ${what}: ${showLeftOut(asked)}.`,
        more,
      );
}

const NO_USABLE_KEY = 'the key set contains no key that fits the allowed algorithms';

/** Why a key set that could be read gives no key. */
export function whyEmpty({ size, leftOut }: KeyIndex): string | undefined {
  if (size > 0) return undefined;
  return leftOut.length === 0 ? NO_USABLE_KEY : `${NO_USABLE_KEY}: ${showLeftOut(leftOut)}`;
}

/** What the operator should know of a key set although it can be used. */
export function noticeOf({ leftOut, beyond }: KeyIndex): string | undefined {
  const faulty = leftOut.filter((key) => key.faulty);
  const notices = [
    ...(beyond > 0
      ? [`the key set has ${MAX_KEYS + beyond} keys, and only the first ${MAX_KEYS} are kept`]
      : []),
    ...(faulty.length > 0 ? [`not all of its keys can be used: ${showLeftOut(faulty)}`] : []),
  ];
  return notices.length === 0 ? undefined : notices.join('; ');
}
