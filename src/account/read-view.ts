import { Malformed } from '../nats/malformed.ts';
import { type AccountClaims, hasExpired, isLoadable, readAccountJwt } from './account-jwt.ts';
import { ACCOUNT_JWT_LIMIT } from './sign-account.ts';
import type { TrustedIssuers } from './trust.ts';
import type { AccountView } from './resolver.ts';

/** The JWTs of a view, read. Undefined: one that does not count, because it belongs to another account or its issuer is not trusted. */
export interface ViewRead {
  /** Every server answered. */
  readonly complete: boolean;
  readonly applied: readonly (AccountClaims | undefined)[];
  readonly stored: readonly (AccountClaims | undefined)[];
  /** Servers that will load what is stored. */
  readonly notLoaded: number;
  /** Stores that have no JWT of the account. */
  readonly emptyStores: number;
  /** Every server that has loaded the account refuses its users. */
  readonly disabled: boolean;
  /** All that count and whose date is believed. */
  readonly trusted: readonly AccountClaims[];
  /**
   * Of those that count, the one with the highest `iat`; one whose date is not believed only where
   * there is no other.
   */
  readonly base: AccountClaims | undefined;
  /** Unix seconds; of all whose date is believed, also of those that don't count. 0 when there is none. */
  readonly highestIat: number;
  /** Unix seconds: no later date is believed. */
  readonly latestIat: number;
  /** For the operator: sentences. */
  readonly problems: readonly string[];
}

/** Clocks differ by less. Without this bound, anyone who can push could block the account forever with a date far ahead. */
const DAY_SECONDS = 86_400;

export function readView(
  view: AccountView,
  options: {
    readonly account: string;
    readonly issuers: TrustedIssuers | undefined;
    /** Milliseconds since the Unix epoch. */
    readonly now: number;
    /** Its JWT is to be pushed. */
    readonly managed: boolean;
  },
): ViewRead {
  const { account, issuers, now, managed } = options;
  // Servers mostly hold the same text: each is read once.
  const texts = new Set([...appliedTexts(view), ...view.stored]);
  const read = new Map([...texts].map((text) => [text, readAccountJwt(text)]));
  const isOf = ({ sub, iss }: AccountClaims) =>
    sub === account && (issuers === undefined || issuers.has(iss));
  const counts = (text: string) => {
    const claims = read.get(text);
    return claims && isClaims(claims) && isOf(claims) ? claims : undefined;
  };
  const wellFormed = [...read.values()].filter(isClaims);
  const nowSeconds = Math.floor(now / 1000);
  const latestIat = nowSeconds + DAY_SECONDS;
  const believed = wellFormed.filter(({ iat }) => iat <= latestIat);
  const trusted = believed.filter(isOf);
  const base = newestOf(trusted) ?? newestOf(wellFormed.filter(isOf));
  return {
    complete: view.servers.every(({ state }) => state !== 'silent'),
    applied: appliedTexts(view).map(counts),
    stored: view.stored.map(counts),
    notLoaded: view.servers.filter(({ state }) => state === 'not-loaded').length,
    emptyStores: view.emptyStores ?? 0,
    disabled: isDisabled(view),
    trusted,
    base,
    highestIat: Math.max(0, ...believed.map(({ iat }) => iat)),
    latestIat,
    problems: problems({
      account,
      crowded: managed && [...read].some(([text, claims]) => claims === base && isCrowded(text)),
      storeless: managed && view.stored.length === 0,
      read: [...read.values()],
      base,
      strangers: wellFormed.filter((claims) => !isOf(claims)),
      ahead: wellFormed.filter(({ iat }) => iat > latestIat),
      nowSeconds,
    }),
  };
}

function isDisabled({ servers }: AccountView): boolean {
  const loaded = servers.filter(({ state }) => state === 'applied');
  return loaded.length > 0 && loaded.every((server) => 'expired' in server && server.expired);
}

function newestOf(list: readonly AccountClaims[]): AccountClaims | undefined {
  return list.reduce<AccountClaims | undefined>(
    (newest, claims) => (newest && newest.iat >= claims.iat ? newest : claims),
    undefined,
  );
}

/** Who signed the JWTs of this account, whether they are trusted or not. */
export function issuersIn(view: AccountView, account: string): ReadonlySet<string> {
  const texts = new Set([...appliedTexts(view), ...view.stored]);
  const read = [...texts].map((text) => readAccountJwt(text)).filter(isClaims);
  return new Set(read.filter(({ sub }) => sub === account).map(({ iss }) => iss));
}

const STORE_NEEDED = 'a managed account needs servers with a resolver of type full';

const CROWDED = 0.75;

function isCrowded(jwt: string): boolean {
  return jwt.length > CROWDED * ACCOUNT_JWT_LIMIT;
}

function isClaims(read: AccountClaims | Malformed): read is AccountClaims {
  return !(read instanceof Malformed);
}

function appliedTexts({ servers }: AccountView): string[] {
  return servers.flatMap((server) => (server.state === 'applied' ? [server.jwt] : []));
}

function problems(found: {
  readonly account: string;
  /** Somebody must store what is pushed, and nobody does. */
  readonly storeless: boolean;
  /** There will soon be no room for what we have to say. */
  readonly crowded: boolean;
  readonly read: readonly (AccountClaims | Malformed)[];
  readonly base: AccountClaims | undefined;
  readonly strangers: readonly AccountClaims[];
  readonly ahead: readonly AccountClaims[];
  readonly nowSeconds: number;
}): string[] {
  const { account, crowded, storeless, read, base, strangers, ahead, nowSeconds } = found;
  if (read.length === 0) {
    const push = `no server knows account ${account}: push its JWT once (nsc push --account NAME), or add it to resolver_preload in nats-server.conf`;
    return [storeless ? `${push}; ${STORE_NEEDED}` : push];
  }
  const sentences: string[] = [];
  if (storeless) {
    sentences.push(`no server stores the JWT of account ${account}: ${STORE_NEEDED}`);
  }
  for (const { sub, iss } of strangers) {
    sentences.push(
      sub === account
        ? `the JWT of account ${account} was issued by ${iss}, which is not a key of the trusted operator`
        : `a server has the JWT of account ${sub} instead of that of ${account}`,
    );
  }
  for (const claims of read) {
    if (isClaims(claims)) continue;
    sentences.push(`cannot read a JWT of account ${account}: ${claims.problem}`);
  }
  if (!base) sentences.push('no JWT of a trusted issuer exists, so nats-sts overwrites nothing');
  if (base && hasExpired(base, nowSeconds)) {
    sentences.push(`the JWT of account ${account} has expired: NATS refuses all its users`);
  } else if (base && !isLoadable(base, nowSeconds)) {
    sentences.push(
      `the newest JWT of account ${account} is not valid yet (nbf): until then servers use the previous one, without new keys and revocations`,
    );
  }
  if (crowded) {
    sentences.push(
      `the JWT of account ${account} takes more than ${CROWDED * 100} % of the 1 MiB that NATS accepts: remove what it does not need`,
    );
  }
  for (const { iat } of ahead) {
    const date = new Date(iat * 1000).toISOString();
    sentences.push(
      `a JWT of account ${account} is dated more than a day in the future, ${date}: nats-sts ignores that date; check the clocks`,
    );
  }
  return sentences;
}
