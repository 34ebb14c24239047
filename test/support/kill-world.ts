import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  type NatsConnection,
} from '@nats-io/transport-node';
import { type AccountClaims, keyOf, readAccountJwt } from '../../src/account/account-jwt.ts';
import { isListedExactly, listedKey } from '../../src/account/listing.ts';
import type { KeyEvent } from '../../src/audit/event.ts';
import { openSqliteLog } from '../../src/audit/sinks/sqlite.ts';
import { openAuditReader } from '../../src/audit/reader/sqlite-reader.ts';
import { systemClock } from '../../src/clock.ts';
import { raiseLifetime } from '../../src/keyring/changes.ts';
import { parseRing, type Ring, ringKey, type RingKey, ringText } from '../../src/keyring/ring.ts';
import { createSealer } from '../../src/keyring/sealing.ts';
import type { Wanted, WantedSlot } from '../../src/keyring/step-input.ts';
import { account as accountBody } from './account-body.ts';
import { encodeJwt } from '../../src/nats/jwt.ts';
import { createKeyPair, keyPairFromSeed } from '../../src/nats/key-pair.ts';
import { Malformed } from '../../src/nats/malformed.ts';
import { directUser, scopedUser } from '../../src/nats/user-claims.ts';
import { revocationKey, revocationText, type Revocation } from '../../src/revocation/revocation.ts';
import { openStore } from '../../src/store/sqlite/database.ts';
import { openSqliteState } from '../../src/store/sqlite/state.ts';
import { issued } from '../audit/events.ts';
import { temporaryDirectory } from '../audit/temporary-directory.ts';
import { eventually } from './eventually.ts';
import type { NatsServer } from './nats-server.ts';
import { createOperatorWorld, type OperatorWorld } from './operator-world.ts';
import { PATIENCE_MILLISECONDS } from './patience.ts';
import type { ChildOrders, ChildReport } from './rotator-child.ts';
import { SEALING_KEYS, startWiredRotator, type WiredOptions } from './wired-rotator.ts';

const CHILD = fileURLToPath(new URL('./rotator-child.ts', import.meta.url));

/** Short, so that the rotator after a killed one soon leads. */
const LEASE_MILLISECONDS = 600;
const LIFETIME_SECONDS = 512;

/** One nats-server with a full resolver, that any number of accounts live on. */
export interface KillGround extends AsyncDisposable {
  readonly trust: OperatorWorld;
  readonly server: NatsServer;
  readonly system: NatsConnection;
  /** Account → every JWT that was pushed for it, in order, by whomever. */
  readonly pushes: ReadonlyMap<string, readonly AccountClaims[]>;
  /** Folder with what Node compiled of the child: it starts in half the time. */
  readonly compileCache: string;
}

export async function startKillGround(): Promise<KillGround> {
  const stack = new AsyncDisposableStack();
  const trust = createOperatorWorld({ accounts: {}, resolver: 'full' });
  const server = stack.use(await trust.start());
  const system = await connect({
    servers: server.url,
    authenticator: credsAuthenticator(Buffer.from(trust.sysCreds)),
  });
  stack.defer(() => system.close());
  const pushes = new Map<string, AccountClaims[]>();
  system.subscribe('$SYS.REQ.CLAIMS.UPDATE', {
    callback: (_error, message) => {
      const claims = claimsOf(message.string());
      const known = pushes.get(claims.sub) ?? [];
      pushes.set(claims.sub, [...known, claims]);
    },
  });
  await system.flush();
  const compileCache = stack.use(temporaryDirectory()).path;
  // Only a process that ends by itself leaves it: one without a parent to wait for.
  spawnSync(process.execPath, [CHILD], {
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
  });
  return {
    trust,
    server,
    system,
    pushes,
    compileCache,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function claimsOf(jwt: string): AccountClaims {
  const claims = readAccountJwt(jwt);
  if (claims instanceof Malformed) throw new Error(claims.problem);
  return claims;
}

/** A credential that somebody was given. */
export interface KillCredential {
  readonly user: string;
  readonly signingKey: string;
  readonly authenticator: Authenticator;
}

/** How a killed rotator's story ended, before anybody went on from there. */
export type Ending = 'killed' | 'reached its aim without that call';

/** One account with its own store, whose rotators die and follow each other. */
export interface KillWorld extends AsyncDisposable {
  readonly publicKey: string;
  /** What the configuration wants; tests change it. */
  slots: WantedSlot[];
  /** Credentials that must be good until the end. */
  readonly living: KillCredential[];
  /** Credentials that must be refused once all is done. */
  readonly doomed: KillCredential[];
  ring(): Promise<Ring>;
  /** Writes what `change` makes of the ring; tries again when someone was faster. */
  change(change: (ring: Ring) => Ring | undefined): Promise<void>;
  revoke(revocation: Revocation): Promise<void>;
  /** A credential of the slot's active key, recorded and signed as the service does. */
  credential(slot: string): Promise<KillCredential>;
  /** Whether the server lets it in. */
  accepts(credential: KillCredential): Promise<boolean>;
  /** What the server has applied; or would, where it has not loaded the account. */
  applied(): Promise<AccountClaims>;
  /** Key changes on the record. */
  changes(): KeyEvent[];
  /** A rotator in this process, until `done`; then it ends in peace. */
  settle(done: () => Promise<boolean>): Promise<void>;
  /** A rotator in its own process that notes its calls until `done`. */
  trace(done: () => Promise<boolean>): Promise<string[]>;
  /** The same, killed as soon as the call `trap` has returned; or else at the end. */
  kill(trap: string, done: () => Promise<boolean>): Promise<Ending>;
  /** One active and one staged key of each slot that is wanted, nothing untold, and the server has it all. */
  isSettled(): Promise<boolean>;
}

export async function createKillWorld(ground: KillGround): Promise<KillWorld> {
  const { trust, server, system } = ground;
  const stack = new AsyncDisposableStack();
  const directory = stack.use(temporaryDirectory());
  const storeFile = join(directory.path, 'sts.db');
  const key = createKeyPair('account');
  const { publicKey } = key;
  // A key that is somebody else's: it must stay.
  const body = accountBody({ signing_keys: [createKeyPair('account').publicKey] });
  await system.request(
    '$SYS.REQ.CLAIMS.UPDATE',
    trust.signAccount({ name: 'APP', key, body, iat: unixNow() - 10 }),
    { timeout: PATIENCE_MILLISECONDS },
  );
  const store = openStore({ file: storeFile, survive: 'process-crash' });
  const audit = openSqliteLog({ store, clock: systemClock, retentionSeconds: 86_400 });
  const state = openSqliteState({ store, clock: systemClock });
  stack.defer(async () => {
    await state.close();
    await audit.close();
    store.close();
  });
  const sealer = createSealer(SEALING_KEYS);

  const entry = async () => (await state.list(ringKey('APP')))[0];
  const options = (): WiredOptions => ({
    storeFile,
    servers: [server.url],
    sysCreds: trust.sysCreds,
    operatorJwt: trust.operator.jwt,
    operatorSeed: trust.operator.signingKey.seed(),
    leaseMilliseconds: LEASE_MILLISECONDS,
    account: { name: 'APP', publicKey, kind: 'managed', wanted: wantedOf(world.slots) },
  });

  /** Until all is done, or `ended`. */
  async function aim(
    done: () => Promise<boolean>,
    ended: () => boolean = () => false,
  ): Promise<void> {
    const deadline = Date.now() + PATIENCE_MILLISECONDS;
    await eventually(async () => {
      if (ended() || ((await world.isSettled()) && (await done()))) return true;
      if (Date.now() > deadline) throw new Error(`it does not settle: ${await summary()}`);
      return false;
    });
  }

  async function summary(): Promise<string> {
    const listed = ((await world.applied()).nats.signing_keys ?? []).map(keyOf);
    const found = await entry();
    const { keys, unreported, rotationRequests } = found ? parseRing(found.value) : { keys: [] };
    const states = keys.map(({ publicKey, slot, state }) => ({ publicKey, slot, state }));
    return JSON.stringify({ states, unreported, rotationRequests, listed });
  }

  const world: KillWorld = {
    publicKey,
    slots: [],
    living: [],
    doomed: [],
    async ring() {
      const found = await entry();
      if (!found) throw new Error('there is no ring yet');
      return parseRing(found.value);
    },
    async change(change) {
      for (;;) {
        const { value, revision } = (await entry())!;
        const next = change(parseRing(value));
        if (!next) throw new Error('the ring cannot be changed like this any more');
        if ((await state.write(ringKey('APP'), ringText(next), revision)) !== undefined) return;
      }
    },
    async revoke(revocation) {
      await state.write(revocationKey(revocation.id), revocationText(revocation), 0);
    },
    async credential(slot) {
      const ring = await world.ring();
      const active = ring.keys.find((key) => key.slot === slot && key.state === 'active');
      if (!active) throw new Error(`no key of ${slot} is active`);
      await world.change((ring) => raiseLifetime(ring, active.publicKey, LIFETIME_SECONDS));
      const pair = keyPairFromSeed(await sealer.unseal(active.publicKey, active.sealedSeed!));
      const user = createKeyPair('user');
      const of = { issuer_account: publicKey };
      const exp = unixNow() + LIFETIME_SECONDS;
      await audit.record(
        issued({
          time: Date.now(),
          account: 'APP',
          role: slot,
          user: user.publicKey,
          signingKey: active.publicKey,
          tokenIssuedAt: unixNow(),
          expiresAt: exp,
        }),
      );
      const jwt = encodeJwt({
        claims: {
          sub: user.publicKey,
          name: 'user',
          iat: unixNow(),
          exp,
          nats: active.scope ? scopedUser(of) : directUser(of),
        },
        issuerPublicKey: pair.publicKey,
        sign: pair.sign,
      });
      // In native code: the client's own takes more time than all the rest of a connection.
      const authenticator: Authenticator = (nonce) => ({
        jwt,
        nkey: user.publicKey,
        sig: Buffer.from(user.sign(Buffer.from(nonce ?? ''))).toString('base64url'),
      });
      return { user: user.publicKey, signingKey: active.publicKey, authenticator };
    },
    async accepts({ authenticator }) {
      for (;;) {
        try {
          const to = {
            servers: server.url,
            authenticator,
            reconnect: false,
            timeout: PATIENCE_MILLISECONDS,
          };
          await (await connect(to)).close();
          return true;
        } catch (error) {
          // Anything else comes of a machine that has too much to do.
          if (/authorization violation/i.test(String(error))) return false;
          await wait(50);
        }
      }
    },
    async applied() {
      const reply = await system.request(
        '$SYS.REQ.SERVER.PING.ACCOUNTZ',
        JSON.stringify({ account: publicKey }),
        { timeout: PATIENCE_MILLISECONDS },
      );
      const { data } = reply.json<{ data?: { account_detail?: { jwt: string } } }>();
      if (data?.account_detail) return claimsOf(data.account_detail.jwt);
      const stored = await system.request(`$SYS.REQ.ACCOUNT.${publicKey}.CLAIMS.LOOKUP`, '', {
        timeout: PATIENCE_MILLISECONDS,
      });
      return claimsOf(stored.string());
    },
    changes() {
      const reader = openAuditReader(storeFile);
      const events = [...reader.list({ type: 'key' })] as KeyEvent[];
      reader.close();
      return events;
    },
    async settle(done) {
      await using _rotator = await startWiredRotator(options());
      await aim(done);
    },
    async trace(done) {
      const child = startChild({ options: options() }, ground.compileCache);
      const names: string[] = [];
      child.on('message', ({ returned }: ChildReport) => {
        if (!names.includes(returned)) names.push(returned);
      });
      const exit = once(child, 'exit');
      try {
        await aim(done);
        await nextLook(child);
      } finally {
        child.kill('SIGKILL');
        await exit;
      }
      return names;
    },
    async kill(trap, done) {
      const child = startChild({ options: options(), trap }, ground.compileCache);
      let ended = false;
      let byItself = false;
      child.once('exit', () => {
        ended = true;
      });
      const exit = once(child, 'exit');
      try {
        await aim(done, () => ended);
        await Promise.race([exit, nextLook(child)]);
        byItself = ended;
      } finally {
        child.kill('SIGKILL');
      }
      const [code, signal] = (await exit) as [number | null, NodeJS.Signals | null];
      if (signal !== 'SIGKILL') throw new Error(`the rotator ended by itself, with ${code}`);
      return byItself ? 'killed' : 'reached its aim without that call';
    },
    async isSettled() {
      const found = await entry();
      if (!found) return false;
      const ring = parseRing(found.value);
      if (ring.unreported.length > 0 || Object.keys(ring.rotationRequests).length > 0) return false;
      if (!world.slots.every((wanted) => hasItsKeys(ring, wanted))) return false;
      const claims = await world.applied();
      const listed = new Set((claims.nats.signing_keys ?? []).map(keyOf));
      const expected = ring.keys.filter(({ state }) => state !== 'retired');
      return listed.size === expected.length + 1 && expected.every((key) => lists(claims, key));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
  return world;
}

function wantedOf(slots: readonly WantedSlot[]): Wanted {
  return { slots, graceMilliseconds: 1000, stagedMilliseconds: 2 * LEASE_MILLISECONDS };
}

function hasItsKeys({ keys }: Ring, { slot, scope }: WantedSlot): boolean {
  const live = keys.filter(({ state }) => state === 'active' || state === 'staged');
  const states = live.filter((key) => key.slot === slot).map(({ state }) => state);
  const fits = live
    .filter((key) => key.slot === slot)
    .every((key) => JSON.stringify(key.scope) === JSON.stringify(scope));
  const waits = live.every(({ state, settledAt }) => state === 'active' || settledAt !== undefined);
  return fits && waits && states.toSorted().join() === 'active,staged';
}

/** Whether a server with this JWT accepts users of the key, with its permissions. */
export function lists(claims: AccountClaims, key: RingKey): boolean {
  const listed = listedKey(claims, key.publicKey);
  return listed !== undefined && isListedExactly(listed, key);
}

function startChild(orders: ChildOrders, compileCache: string) {
  const child = fork(CHILD, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
  });
  child.send(orders);
  return child;
}

/** Resolves once the rotator has made a whole look that began after this call; where nothing is left to do, it makes one now and then. */
async function nextLook(child: ChildProcess): Promise<void> {
  for (let looks = 0; looks < 2; looks += 1) {
    await new Promise<void>((resolve) => {
      child.on('message', function looked({ returned }: ChildReport) {
        if (!returned.startsWith('look')) return;
        child.off('message', looked);
        resolve();
      });
    });
  }
}

export function unixNow(): number {
  return Math.floor(Date.now() / 1000);
}
