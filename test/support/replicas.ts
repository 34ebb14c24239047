import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { connect, type ConnectionOptions, credsAuthenticator } from '@nats-io/transport-node';
import { stringify } from 'yaml';
import type { IssuedEvent, KeyEvent } from '../../src/audit/event.ts';
import { openAuditReader } from '../../src/audit/reader/sqlite-reader.ts';
import { parseRing, type Ring, ringKey } from '../../src/keyring/ring.ts';
import { decodeJwt } from '../../src/nats/jwt.ts';
import { Malformed } from '../../src/nats/malformed.ts';
import { storeUserPermissions } from '../../src/store/jetstream/permissions.ts';
import { eventually } from './eventually.ts';
import type { ClusterNode } from './nats-cluster.ts';
import { PATIENCE_MILLISECONDS } from './patience.ts';
import { prepareRotation, type RotationGround, type RotationOptions } from './rotation-world.ts';
import type { ConfigTree } from './service-world.ts';

export const BUCKET = 'nats-sts';

/** One replica's directory, with its own configuration and SQLite file. */
export interface ReplicaPlace {
  readonly configFile: string;
  /** The audit log of this replica, oldest first. */
  issued(): IssuedEvent[];
  /** What this replica's rotator did to keys, oldest first. */
  turned(to: KeyEvent['to']): KeyEvent[];
}

/** A ground whose services share what they know through JetStream. */
export interface ReplicasGround extends Omit<RotationGround, 'ring' | 'audit' | 'activations'> {
  /** Writes the configuration of a replica. */
  place(name: string, change?: (tree: ConfigTree) => void): Promise<ReplicaPlace>;
  /** The ring of APP in the bucket. */
  ring(): Promise<Ring>;
  /** Public key of the one key that signs now, as the bucket has it. */
  activeKey(): Promise<string | undefined>;
  /** The server that leads the bucket. */
  storeNode(): Promise<ClusterNode>;
  /** Holder of the lease to rotate managed accounts; undefined while nobody has it. */
  leader(): Promise<string | undefined>;
}

export interface ReplicasOptions extends Omit<RotationOptions, 'accounts'> {
  /** A server without authentication that has the buckets. Unless told, the cluster has them; it must be of three then. */
  readonly storeUrl?: string;
  /** How long a replica may sign that has lost sight of the store; 10s unless told. */
  readonly grace?: string;
}

/** A question that had no answer so long is asked again: a server that is gone never answers. */
const ROUND_MILLISECONDS = 2000;

/** Account in the cluster that has the buckets. */
const ACCOUNT = 'STORE';

export async function prepareReplicas({
  storeUrl,
  grace = '10s',
  configure,
  ...options
}: ReplicasOptions = {}): Promise<ReplicasGround> {
  let tree: ConfigTree = {};
  const ground = await prepareRotation({
    ...options,
    accounts: storeUrl === undefined ? { APP: {}, [ACCOUNT]: { jetstream: true } } : { APP: {} },
    configure: (written, around) => {
      tree = written;
      tree['accounts'].APP.rotation.grace = grace;
      tree['store'].jetstream = {
        bucket: BUCKET,
        ...(storeUrl === undefined
          ? { creds: './store.creds', replicas: options.size ?? 3 }
          : { servers: [storeUrl] }),
      };
      configure?.(tree, around);
    },
  });
  const { folder } = ground;
  const nats = await connect({
    ...(storeUrl === undefined ? await inCluster(ground) : { servers: storeUrl }),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
  });
  // A cluster answers once its servers have chosen a leader; one that was killed, once it is back.
  const answer = <T>(ask: () => Promise<T>) =>
    eventually(() =>
      ask()
        .then((value) => ({ value }))
        .catch(() => undefined),
    );
  await answer(() => jetstreamManager(nats, { timeout: ROUND_MILLISECONDS }));
  const bucket = async () => new Kvm(jetstream(nats, { timeout: ROUND_MILLISECONDS })).open(BUCKET);
  let kv: KV | undefined;
  const read = async (key: string): Promise<string | undefined> => {
    const { value } = await answer(async () => (await (kv ??= await bucket()).get(key))?.string());
    return value;
  };
  const ring = async () => parseRing((await read(ringKey('APP'))) ?? '');
  return {
    ...ground,
    async place(name, change) {
      const own = structuredClone(tree);
      own['store'].sqlite = `./data/${name}.db`;
      change?.(own);
      const configFile = join(folder, `${name}.yaml`);
      await writeFile(configFile, stringify(own));
      const storeFile = join(folder, 'data', `${name}.db`);
      return {
        configFile,
        issued: () => audit(storeFile, 'issued') as IssuedEvent[],
        turned: (to) => (audit(storeFile, 'key') as KeyEvent[]).filter((event) => event.to === to),
      };
    },
    ring,
    activeKey: async () => (await ring()).keys.find(({ state }) => state === 'active')?.publicKey,
    async storeNode() {
      const { cluster } = await (
        await jetstreamManager(nats, { timeout: PATIENCE_MILLISECONDS })
      ).streams.info(`KV_${BUCKET}`);
      const node = ground.cluster.nodes.find(({ name }) => name === cluster?.leader);
      if (!node) throw new Error('the bucket is led by none of the nodes');
      return node;
    },
    async leader() {
      const text = await read('lease.managed');
      const { holder, released } = JSON.parse(text ?? '{}') as Record<string, string | boolean>;
      return released || typeof holder !== 'string' ? undefined : holder;
    },
    [Symbol.asyncDispose]: async () => {
      await nats.close();
      await ground[Symbol.asyncDispose]();
    },
  };
}

/** Writes the creds of the replicas' user, who may do no more than it must; answers how to connect as one who may all. */
async function inCluster({ folder, trust, cluster }: RotationGround): Promise<ConnectionOptions> {
  const permissions = storeUserPermissions(BUCKET);
  const { creds } = trust.user({ account: ACCOUNT, permissions });
  await writeFile(join(folder, 'store.creds'), creds, { mode: 0o600 });
  const all = trust.user({ account: ACCOUNT });
  return {
    servers: [...cluster.servers],
    authenticator: credsAuthenticator(Buffer.from(all.creds)),
  };
}

function audit(storeFile: string, type: 'issued' | 'key') {
  const reader = openAuditReader(storeFile);
  const events = [...reader.list({ type })];
  reader.close();
  return events;
}

/** The key that signed a JWT. */
export function signerOf(jwt: string): string {
  const claims = decodeJwt(jwt);
  if (claims instanceof Malformed) throw new Error(claims.problem);
  return claims.iss;
}
