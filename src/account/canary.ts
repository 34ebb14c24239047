import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node';
import {
  directUser,
  type Permissions,
  scopedUser,
  type UserPermissionLimits,
} from '../nats/user-claims.ts';
import { type Clock, unixSeconds } from '../clock.ts';
import { encodeJwt, type NatsBody } from '../nats/jwt.ts';
import { createKeyPair, type KeyPair } from '../nats/key-pair.ts';
import { templateFault } from './template.ts';
import { enter, type Obstacle } from './canary-entry.ts';

/**
 * How an account lists a signing key, as far as connecting with a user of that key shows it.
 *
 * - plain, scoped: all servers that were tried agree.
 * - wide: scoped, and its users may do something that `template` doesn't allow. Two things are tried:
 *   what is not found to be wide may be wider nonetheless.
 * - unlisted: some server refuses users of this key. A scoped key whose template refuses our own
 *   connection (its address, time of day or kind) looks the same, and so does an account that accepts
 *   no users.
 * - unknown: no server could be reached, or not all of them, or they had no room, or they don't agree.
 */
export type KeyListing = 'plain' | 'scoped' | 'wide' | 'unlisted' | 'unknown';

export interface CanaryOptions {
  /** NATS URLs; servers that those make known are tried as well. */
  readonly servers: readonly string[];
  /** `A…` */
  readonly account: string;
  readonly keys: readonly Pick<KeyPair, 'publicKey' | 'sign'>[];
  /** What templates of scoped keys may fill in, `name:value`: servers refuse users without the tag that a deny asks for. */
  readonly tags?: readonly string[];
  /** What users of scoped keys may do at most. */
  readonly template?: UserPermissionLimits;
  readonly clock: Clock;
  readonly tls?: ConnectionOptions['tls'];
  /** Gets what kept users out besides that they are refused. */
  readonly obstacles?: Set<Obstacle>;
}

const CREDENTIAL_SECONDS = 60;

/**
 * For accounts that we can't look at by way of the system account: connects to every server with
 * users of each key that live for a minute and may do nothing, and answers by public key. One or two
 * connections a key and server, one after the other. Doesn't throw for what servers do.
 */
export async function probeKeys(options: CanaryOptions): Promise<Map<string, KeyListing>> {
  const listings = new Map<string, KeyListing>();
  const servers = new Set(options.servers);
  for (const key of options.keys) {
    const seen = new Set<KeyListing>();
    // Grows while it is walked: servers that are made known come after those that were given.
    for (const server of servers) seen.add(await probe({ ...options, key, server, servers }));
    listings.set(key.publicKey, agreed(seen));
  }
  return listings;
}

function agreed(seen: ReadonlySet<KeyListing>): KeyListing {
  if (seen.has('unlisted')) return 'unlisted';
  if (seen.has('wide')) return 'wide';
  const [listing, other] = seen;
  return listing !== undefined && other === undefined ? listing : 'unknown';
}

interface Probe extends Omit<CanaryOptions, 'servers'> {
  readonly key: Pick<KeyPair, 'publicKey' | 'sign'>;
  readonly server: string;
  /** Servers that are made known are added. */
  readonly servers: Set<string>;
}

/** A server accepts a user with its own permissions from a plain key only, and a user without from both kinds. */
async function probe(options: Probe): Promise<KeyListing> {
  const { account, tags, template, obstacles } = options;
  const nothing = { deny: ['>'] };
  const direct = directUser({ issuer_account: account, pub: nothing, sub: nothing });
  const asPlain = await enterAs(options, direct);
  if (asPlain === 'account-full') {
    obstacles?.add(asPlain);
    return 'plain';
  }
  if (typeof asPlain !== 'string') {
    await asPlain.close();
    return 'plain';
  }
  if (asPlain !== 'refused') {
    obstacles?.add(asPlain);
    return 'unknown';
  }
  const asScoped = await enterAs(
    options,
    scopedUser({ issuer_account: account, ...(tags && { tags }) }),
  );
  // Without limits and a template, a user may not have one subscription either. Servers close such a connection
  // even while an auth callout, which refused the other user, is still being asked.
  if (asScoped === 'refused' || asScoped === 'no-subscriptions') return 'unlisted';
  if (typeof asScoped === 'string') {
    obstacles?.add(asScoped);
    // It is listed, but what its users may do can't be tried out.
    return asScoped === 'account-full' && !template ? 'scoped' : 'unknown';
  }
  const wide = template !== undefined && (await isWide(asScoped, template));
  await asScoped.close();
  return wide ? 'wide' : 'scoped';
}

async function enterAs(options: Probe, body: NatsBody): Promise<NatsConnection | Obstacle> {
  const { server, servers, tls } = options;
  const user = createKeyPair('user');
  const jwt = userJwt(options, user.publicKey, body);
  const entered = await enter({
    server,
    authenticator: (nonce) => ({ jwt, nkey: user.publicKey, sig: signed(user, nonce) }),
    ...(tls && { tls }),
  });
  user.wipe();
  if (typeof entered === 'string') return entered;
  for (const url of entered.info?.connect_urls ?? []) servers.add(urlLike(server, url));
  return entered;
}

/** The proof that the user's key is ours; without a nonce the server is not in operator mode, and asks for none. */
function signed(user: KeyPair, nonce = ''): string {
  return Buffer.from(user.sign(Buffer.from(nonce))).toString('base64url');
}

function userJwt({ key, clock }: Probe, user: string, nats: NatsBody): string {
  const iat = unixSeconds(clock);
  return encodeJwt({
    claims: { sub: user, name: 'nats-sts canary', iat, exp: iat + CREDENTIAL_SECONDS, nats },
    issuerPublicKey: key.publicKey,
    sign: key.sign,
  });
}

/** `host:port`, as servers tell it, with the scheme of the URL that led there. */
function urlLike(server: string, hostAndPort: string): string {
  const scheme = /^[a-z]+:\/\//.exec(server)?.[0] ?? 'nats://';
  return `${scheme}${hostAndPort}`;
}

/** Only servers receive it, and without a reply subject they do nothing. */
const HARMLESS = '$SYS.REQ.USER.INFO';

/**
 * Whether the user of this connection may do what a template doesn't allow: tries to listen and to
 * publish where hardly any role may. What passes may be wider nonetheless.
 */
async function isWide(
  connection: NatsConnection,
  template: UserPermissionLimits,
): Promise<boolean> {
  const { pub, sub } = template;
  const nowhere = `nats-sts-canary.${randomUUID()}`;
  const goesThrough = async (rules: Permissions, act: () => unknown): Promise<boolean> => {
    const allowed = templateFault({ ...template, ...rules }, template) === undefined;
    return !allowed && !(await isRefused(connection, act));
  };
  return (
    (await goesThrough({ sub: { ...sub, allow: [nowhere] } }, () =>
      connection.subscribe(nowhere, { callback: () => {} }),
    )) ||
    (await goesThrough({ pub: { ...pub, allow: [HARMLESS] } }, () => connection.publish(HARMLESS)))
  );
}

const TIMEOUT_MILLISECONDS = 2000;

/** Whether the server rejects it. One that ends the connection, or is silent, counts as rejecting. */
async function isRefused(connection: NatsConnection, act: () => unknown): Promise<boolean> {
  let refused = false;
  const statuses = connection.status();
  void (async () => {
    for await (const { type } of statuses) if (type === 'error') refused = true;
  })();
  const gone = Promise.race([
    connection.closed().then(() => true),
    // A call on a connection that ends may never return.
    wait(TIMEOUT_MILLISECONDS, true, { ref: false }),
  ]);
  const taken = (async () => {
    act();
    // The server's error comes before its first answer; the client has reported it by the second.
    await connection.flush();
    await connection.flush();
    return refused;
  })();
  return Promise.race([gone, taken.catch(() => true)]);
}
