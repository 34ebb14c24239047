import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import type { Config } from '../../config/config.ts';
import { connectStore } from '../../store/jetstream/connection.ts';
import { StoreUnavailable } from '../../store/shared-state.ts';
import { type Finding, findingsOf, type ProbeOptions } from './finding.ts';
import { probeServers } from './nats-servers.ts';

/** Tests where state is stored, without writing or creating anything. */
export async function probeStore(
  { store, nats }: Config,
  options: ProbeOptions,
): Promise<Finding[]> {
  const { sqliteFile, jetstream } = store;
  const found = await Promise.all([
    sqliteFinding(sqliteFile),
    ...(jetstream ? [probeJetStream(jetstream, nats.servers, options)] : []),
  ]);
  return found.flat();
}

async function sqliteFinding(file: string): Promise<Finding> {
  const { ok, problem } = findingsOf('store.sqlite', file);
  const isThere = await stat(file).then(
    (found) => found.isFile(),
    () => undefined,
  );
  if (isThere === false) return problem('sqlite', 'it is not a file', 'write the path of a file');
  const place = isThere ? file : await nearest(dirname(file));
  const mayWrite = await access(place, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!mayWrite) {
    return problem(
      'sqlite',
      `this user cannot write ${place}`,
      'run check as the user of the service, or change the owner',
    );
  }
  return ok('sqlite', isThere ? 'exists, and is writable' : 'will be created at the first start');
}

/** The closest existing directory, the file's own or a parent. */
async function nearest(directory: string): Promise<string> {
  const isThere = await stat(directory).then(
    () => true,
    () => false,
  );
  return isThere || directory === dirname(directory) ? directory : nearest(dirname(directory));
}

async function probeJetStream(
  { bucket, servers, credsFile, replicas }: NonNullable<Config['store']['jetstream']>,
  natsServers: readonly string[],
  { timeoutMilliseconds, clock }: ProbeOptions,
): Promise<Finding[]> {
  const path = 'store.jetstream';
  const others = servers.filter((server) => !natsServers.includes(server));
  const { findings } = await probeServers(others, path, {
    timeoutMilliseconds,
    clock,
    anyMode: true,
  });
  const tell = findingsOf(path, `bucket ${bucket} at ${servers.join(', ')}`);
  let connection: Awaited<ReturnType<typeof connectStore>>;
  try {
    connection = await connectStore({ servers, ...(credsFile !== undefined && { credsFile }) });
  } catch (fault) {
    if (!(fault instanceof StoreUnavailable)) throw fault;
    return [
      ...findings,
      tell.problem(
        'store-unreachable',
        fault.message,
        'check servers and creds of store.jetstream',
      ),
    ];
  }
  try {
    const manager = await jetstreamManager(connection.nats, {
      timeout: timeoutMilliseconds,
      checkAPI: false,
    });
    const names = [bucket, `${bucket}_credentials`, `${bucket}_single_use`];
    const streams = await Promise.all(names.map((name) => streamOf(manager, `KV_${name}`)));
    return [...findings, ...streams.map((stream) => streamFinding(stream, replicas, tell))];
  } finally {
    await connection.close();
  }
}

type Stream = { readonly name: string } & (
  | { readonly info: StreamInfo | undefined }
  | { readonly fault: unknown }
);

async function streamOf(manager: JetStreamManager, name: string): Promise<Stream> {
  try {
    return { name, info: await manager.streams.info(name) };
  } catch (fault) {
    const missing =
      fault instanceof JetStreamApiError && fault.code === JetStreamApiCodes.StreamNotFound;
    return missing ? { name, info: undefined } : { name, fault };
  }
}

function streamFinding(
  stream: Stream,
  replicas: number,
  tell: ReturnType<typeof findingsOf>,
): Finding {
  const { name } = stream;
  if ('fault' in stream) return faultFinding(name, stream.fault, tell);
  const { info } = stream;
  if (!info)
    return tell.note(
      'store',
      `stream ${name} does not exist: it will be created at the first start`,
    );
  const { num_replicas: copies, allow_msg_ttl: lifetimes } = info.config;
  if (lifetimes !== true && !name.endsWith('_single_use')) {
    return tell.problem(
      'store',
      `stream ${name} does not support expiry of single keys`,
      'choose another bucket, created with nats-server 2.11 or later',
    );
  }
  if (copies !== replicas) {
    return tell.warning(
      'store-replicas',
      `stream ${name} has ${copies} ${copies === 1 ? 'copy' : 'copies'}, but the configuration has replicas: ${replicas}`,
      `nats stream edit ${name} --replicas ${replicas}, or write replicas: ${copies}`,
    );
  }
  return tell.ok('store', `stream ${name} exists, ${copies} ${copies === 1 ? 'copy' : 'copies'}`);
}

function faultFinding(name: string, fault: unknown, tell: ReturnType<typeof findingsOf>): Finding {
  if (isCausedBy(fault, errors.PermissionViolationError)) {
    return tell.problem(
      'store-permissions',
      `its user may not access stream ${name}`,
      'allow the subjects in docs/operations/replicas.md',
    );
  }
  const message = fault instanceof Error ? fault.message : String(fault);
  const none = isCausedBy(fault, JetStreamApiError) || isCausedBy(fault, errors.NoRespondersError);
  return tell.problem(
    none ? 'no-jetstream' : 'store-unreachable',
    `stream ${name}: ${message}`,
    'enable JetStream on the servers (jetstream: {}) and for the account of the creds',
  );
}

function isCausedBy(
  fault: unknown,
  kind:
    | typeof JetStreamApiError
    | typeof errors.NoRespondersError
    | typeof errors.PermissionViolationError,
): boolean {
  if (!(fault instanceof Error)) return false;
  return fault instanceof kind || isCausedBy(fault.cause, kind);
}
