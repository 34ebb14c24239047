import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt } from '../../src/nats/jwt.ts';
import { createKeyPair, type KeyPair } from '../../src/nats/key-pair.ts';
import type { ScopedSigningKey } from '../../src/nats/account-claims.ts';
import { Malformed } from '../../src/nats/malformed.ts';
import { eventually } from './eventually.ts';
import { prepareRotation, type RotationGround } from './rotation-world.ts';
import type { ConfigTree } from './service-world.ts';

/** How nats-sts finds out which keys the account lists. */
export type Seeing = 'look-up' | 'canary';

export interface ExternalOptions {
  readonly seeing: Seeing;
  /** Signing keys to give; each plain, or tied to the role publisher. */
  readonly keys: number;
  readonly role?: 'publisher';
  /** What the account lists at first, by place; all of them plainly unless told. */
  readonly listed?: readonly number[];
  /** `rotation.every`; only on demand unless told. */
  readonly every?: string;
}

/**
 * Around a service that is given the keys of account APP: what the account lists is what the test,
 * as its operator, pushes.
 */
export interface ExternalGround extends RotationGround {
  /** Keys by place; those that are given, then others that can be. */
  readonly keys: readonly KeyPair<'account'>[];
  /** Pushes an account JWT that lists these and no others; resolves once it is in force. */
  list(...entries: (KeyPair<'account'> | ScopedSigningKey)[]): Promise<void>;
  /** Gives further keys of `keys` to the configuration, up to this place. */
  give(count: number): Promise<void>;
  /** Places of the keys that became active so far, oldest first. */
  signedInTurn(): number[];
  /** The place of the key that signed this JWT. */
  signerOf(credential: { readonly jwt: string }): number;
}

/** More keys than are given, for those that come later. */
const MORE_KEYS = 2;

export async function prepareExternal(options: ExternalOptions): Promise<ExternalGround> {
  const { seeing, role, every, keys: count } = options;
  const keys = Array.from({ length: count + MORE_KEYS }, () => createKeyPair('account'));
  const entry = (pair: KeyPair<'account'>, folder: string) => {
    const file = join(folder, `${pair.publicKey}.nk`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, pair.seed(), { mode: 0o600 });
    return role ? { seed: { file }, role } : { file };
  };
  const ground = await prepareRotation({
    size: 1,
    configure: (tree: ConfigTree, { folder }) => {
      delete tree['nats'].operatorSigningKey;
      delete tree['nats'].operator;
      if (seeing === 'canary') delete tree['nats'].system;
      tree['accounts'].APP.signingKeys = keys.slice(0, count).map((pair) => entry(pair, folder));
      tree['accounts'].APP.rotation = { grace: '10s', ...(every !== undefined && { every }) };
      tree['roles'].publisher.maxTtl = '1m';
    },
  });
  const { trust } = ground;
  const { name, key, body } = trust.account('APP');
  let iat = Math.floor(Date.now() / 1000);
  const list: ExternalGround['list'] = async (...entries) => {
    iat = Math.max(iat + 1, Math.floor(Date.now() / 1000));
    const signing_keys = entries.map((one) => ('publicKey' in one ? one.publicKey : one));
    await ground.push(trust.signAccount({ name, key, body: { ...body, signing_keys }, iat }));
    await eventually(async () => {
      const applied = [...(await ground.applied()).values()];
      return applied.length > 0 && applied.every((claims) => claims?.iat === iat);
    });
  };
  const placeOf = (publicKey: string) => keys.findIndex((pair) => pair.publicKey === publicKey);
  const { listed = keys.slice(0, count).keys() } = options;
  try {
    // Where it is loaded before, what is pushed is surely applied.
    await (await ground.connect(trust.user().creds)).close();
    await list(...[...listed].flatMap((place) => keys[place] ?? []));
  } catch (error) {
    await ground[Symbol.asyncDispose]();
    throw error;
  }
  return {
    ...ground,
    keys,
    list,
    give: (more) =>
      ground.configure((tree) => {
        const given = keys.slice(0, more).map((pair) => entry(pair, ground.folder));
        tree['accounts'].APP.signingKeys = given;
      }),
    signedInTurn: () => ground.activations().map(({ publicKey }) => placeOf(publicKey)),
    signerOf: ({ jwt }) => {
      const claims = decodeJwt(jwt);
      if (claims instanceof Malformed) throw new Error(claims.problem);
      return placeOf(claims.iss);
    },
  };
}
