import type { ChildProcess } from 'node:child_process';

/** A connection on its way to a worker. */
interface Handle {
  close(): void;
}

interface ClusterMessage {
  readonly act?: string;
  readonly seq?: number;
  readonly ack?: number;
}

/**
 * Closes connections that a worker was handed and did not take before it ended. `node:cluster` waits for its reply for ever, and so
 * would the caller. It hands connections over by `send`, and replies come as internal messages.
 */
export function closeUntaken(child: ChildProcess): void {
  const handedOver = new Map<number, Handle>();
  const send = child.send.bind(child) as (...args: unknown[]) => boolean;
  child.send = (...args: unknown[]): boolean => {
    const [{ act, seq }, handle] = args as [ClusterMessage, Handle | undefined];
    if (act === 'newconn' && seq !== undefined && handle) handedOver.set(seq, handle);
    return send(...args);
  };
  child.on('internalMessage', ({ ack }: ClusterMessage) => {
    if (ack !== undefined) handedOver.delete(ack);
  });
  child.once('exit', () => {
    for (const handle of handedOver.values()) handle.close();
    handedOver.clear();
  });
}
