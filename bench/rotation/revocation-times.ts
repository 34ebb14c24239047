import type { NatsConnection } from '@nats-io/transport-node';
import type { Setting } from './setting.ts';

export interface RevocationTimes {
  /** From the call to the last disconnect of each identity. */
  readonly milliseconds: readonly number[];
  readonly connectionsEach: number;
}

/** Connections of one identity to each server. */
const A_NODE = 2;

/** Revokes one identity after the other (`name` and a number), each with connections to all servers. */
export async function revocationTimes(
  setting: Setting,
  { count, name }: { readonly count: number; readonly name: string },
): Promise<RevocationTimes> {
  const stranger = await connections(setting, 'stranger');
  const milliseconds: number[] = [];
  for (let n = 0; n < count; n++) milliseconds.push(await revocationTime(setting, `${name}-${n}`));
  if (stranger.some((connection) => connection.isClosed())) {
    throw new Error('a connection of an identity that nobody revoked was cut');
  }
  await Promise.all(stranger.map((connection) => connection.close()));
  return { milliseconds, connectionsEach: stranger.length };
}

async function revocationTime(setting: Setting, subject: string): Promise<number> {
  const token = await setting.token({ sub: subject });
  const held = await connections(setting, subject);
  const calledAt = performance.now();
  const [took] = await Promise.all([
    Promise.all(held.map((connection) => connection.closed())).then(
      () => performance.now() - calledAt,
    ),
    setting.admin('revocations', { issuer: 'dev', subject, reason: 'bench' }),
  ]);
  if ((await setting.exchange(token)).ok) throw new Error('a revoked token was taken');
  return took;
}

/** Two credentials, as two instances of a program have them. */
async function connections(setting: Setting, sub: string): Promise<NatsConnection[]> {
  const credentials = await Promise.all(
    Array.from({ length: A_NODE }, () => setting.credential({ sub })),
  );
  return Promise.all(
    credentials.flatMap(({ creds }) =>
      setting.cluster.nodes.map((node) => setting.connect(creds, { node })),
    ),
  );
}
