import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { networkOf } from '../../limits/network.ts';

export interface ConnectionBounds {
  readonly total: number;
  /** For one IPv4 address or IPv6 network; absent behind a proxy, whose connections are shared by all callers. */
  readonly perNetwork: number | undefined;
  /** Called for each connection that is closed. */
  readonly dropped?: (why: Drop) => void;
}

/** Why a connection was closed. */
export const DROPS = [
  /** All allowed connections are open, and no network has more of them than this one. */
  'full',
  /** Its network has reached its share. */
  'network',
  /** Closed for a connection from a network that has fewer, when all were open. */
  'gave_way',
  /** It sent too many requests ahead of their answers. */
  'ahead',
  /** It took too long to send a request. */
  'timeout',
] as const;
export type Drop = (typeof DROPS)[number];

/** Unanswered requests by connection (`connectionOf`), in order of arrival. */
export type Unanswered = ReadonlyMap<string, ReadonlySet<ServerResponse>>;

/** The same for a TLS connection and the TCP connection below it. */
export function connectionOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

interface Connection {
  readonly socket: Socket;
  /** As `connectionOf` says. */
  readonly id: string;
}

/**
 * Limits the number of connections and shares them: one network gets at most `perNetwork`, and when
 * all are open, the network with the most connections makes room for networks with fewer. So a few
 * addresses cannot shut out the rest. A connection whose request has arrived completely is never
 * closed for another.
 */
export function shareConnections(
  app: FastifyInstance,
  { total, perNetwork = Infinity, dropped = () => {} }: ConnectionBounds,
  unanswered: Unanswered,
): void {
  /** Connections by network, the oldest first. */
  const networks = new Map<string, Set<Connection>>();
  let count = 0;

  const forget = (network: string, connection: Connection): void => {
    const ofNetwork = networks.get(network);
    if (!ofNetwork?.delete(connection)) return;
    count -= 1;
    if (ofNetwork.size === 0) networks.delete(network);
  };
  const isAnswered = ({ id }: Connection): boolean =>
    [...(unanswered.get(id) ?? [])].some(({ req }) => req.complete);

  /** Closes a connection of the network that has the most, if that is more than this one would have. */
  function makeRoom(mine: number): boolean {
    const [network, most] = [...networks].reduce((one, other) =>
      other[1].size > one[1].size ? other : one,
    );
    const oldest = most.size > mine + 1 && [...most].find((connection) => !isAnswered(connection));
    if (!oldest) return false;
    forget(network, oldest);
    drop(oldest.socket, 'gave_way');
    return true;
  }

  function drop(socket: Socket, why: Drop): void {
    dropped(why);
    socket.destroy();
  }

  app.server.on('connection', (socket: Socket) => {
    const network = networkOf(socket.remoteAddress ?? '');
    const mine = networks.get(network)?.size ?? 0;
    if (mine >= perNetwork) return drop(socket, 'network');
    if (count >= total && !makeRoom(mine)) return drop(socket, 'full');
    const connection = { socket, id: connectionOf(socket) };
    networks.set(network, (networks.get(network) ?? new Set()).add(connection));
    count += 1;
    socket.once('close', () => forget(network, connection));
  });
}
