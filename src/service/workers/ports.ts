import type { Port } from '../../store/ipc/channel.ts';

/** The other end of a process's channel: a child process, or the parent of this one. */
interface Peer {
  readonly connected: boolean;
  send?(message: object, handle: undefined, options: object, done: () => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  once(event: 'disconnect', listener: () => void): unknown;
}

export function portOf(peer: Peer): Port {
  return {
    send: (message) => {
      // A message that can no longer be delivered is lost with its process, which `onClose` reports.
      if (peer.connected) peer.send?.(message as object, undefined, {}, () => {});
    },
    onMessage: (listener) => void peer.on('message', listener),
    onClose: (listener) => void peer.once('disconnect', listener),
  };
}
