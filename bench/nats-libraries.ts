/**
 * Where `@nats-io/jwt` and `@nats-io/nkeys` cannot replace our own code: `node bench/nats-libraries.ts`.
 * First the time that each takes, then what an account JWT loses when the library reads and writes it.
 */
import { decode, encodeAccount, encodeUser } from '@nats-io/jwt';
import { createUser, fromPublic, fromSeed } from '@nats-io/nkeys';
import { readAccountJwt } from '../src/account/account-jwt.ts';
import { signAccount } from '../src/account/sign-account.ts';
import { NO_ACCOUNT_LIMITS } from '../src/nats/account-claims.ts';
import { encodeJwt, signJwt, unsignedJwtOf } from '../src/nats/jwt.ts';
import { createKeyPair, type KeyPair } from '../src/nats/key-pair.ts';
import { Malformed } from '../src/nats/malformed.ts';
import { directUser } from '../src/nats/user-claims.ts';
import { compare, compareAsync } from './timing.ts';

const operator = createKeyPair('operator');
const account = createKeyPair('account');
const operatorKey = libraryKey(operator);
const accountKey = libraryKey(account);

await compareAsync('user JWT', {
  'nats-sts': async () => {
    const user = createKeyPair('user');
    const nats = directUser({ issuer_account: account.publicKey });
    const jwt = encodeJwt({
      claims: { sub: user.publicKey, iat: 1, nats },
      issuerPublicKey: account.publicKey,
      sign: account.sign,
    });
    return [jwt, user.seed()];
  },
  '@nats-io/jwt': async () => {
    const user = createUser();
    const jwt = await encodeUser('', user, account.publicKey, {}, { signer: accountKey });
    return [jwt, user.getSeed()];
  },
});

const small = accountJwt({ signing_keys: [account.publicKey] });
compare('account, 1 key', reading(small));
const large = accountJwt({ signing_keys: Array.from({ length: 12_000 }, () => account.publicKey) });
compare('account, 0.9 MB', reading(large));

const before = accountJwt({ limits: { disk_storage: 'MAX_INT64', data: 'ODD' } }, (json) =>
  json.replace('"MAX_INT64"', '9223372036854775807').replace('"ODD"', '9007199254740993'),
);
const ours = readAccountJwt(before);
if (ours instanceof Malformed) throw new Error(ours.problem);
const libraryClaims = decode<object>(before);
console.log('\nan account JWT that is read, and signed again without a change');
show('before', before);
show('nats-sts', signAccount({ claims: ours, signer: operator }));
show(
  '@nats-io/jwt',
  await encodeAccount('APP', fromPublic(account.publicKey), libraryClaims.nats, {
    signer: operatorKey,
  }),
);

function reading(jwt: string): Record<string, () => unknown> {
  return { 'nats-sts': () => readAccountJwt(jwt), '@nats-io/jwt': () => decode(jwt) };
}

function accountJwt(body: object, edit = (json: string) => json): string {
  const json = JSON.stringify({
    iss: operator.publicKey,
    sub: account.publicKey,
    name: 'APP',
    iat: 2_000_000_000,
    nats: { type: 'account', version: 2, limits: NO_ACCOUNT_LIMITS, ...body },
  });
  return signJwt(unsignedJwtOf(edit(json)), operator.sign);
}

function show(by: string, jwt: string): void {
  const json = Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString();
  const shown = ['iat', 'aud', 'disk_storage', 'data'].map((name) => {
    const [, value = 'absent'] = new RegExp(`"${name}":([^,}]+)`).exec(json) ?? [];
    return `${name} ${value}`;
  });
  console.log(`${by.padEnd(12)} ${shown.join(', ')}`);
}

function libraryKey(pair: KeyPair) {
  return fromSeed(new TextEncoder().encode(pair.seed()));
}
