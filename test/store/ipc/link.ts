import { MessageChannel, type MessagePort } from 'node:worker_threads';
import {
  type Answers,
  type Channel,
  openChannel,
  type Port,
  type Vitals,
} from '../../../src/store/ipc/channel.ts';

/** A primary process and a worker, as two ends of one process. */
export interface Link<ToPrimary extends Answers, ToWorker extends Answers = Answers>
  extends Disposable {
  readonly primary: Channel<ToWorker>;
  readonly worker: Channel<ToPrimary>;
}

/** Everything that passes is copied, as between processes. Disposing ends both sides. */
export function link<ToPrimary extends Answers, ToWorker extends Answers = Answers>(
  vitals: () => Vitals = () => ({ freshAt: 0, healthy: true }),
): Link<ToPrimary, ToWorker> {
  const { port1, port2 } = new MessageChannel();
  const primary = openChannel<ToWorker>(portOf(port1), { vitals, flush: 'callback' });
  const worker = openChannel<ToPrimary>(portOf(port2), { flush: 'turn' });
  return { primary, worker, [Symbol.dispose]: () => port1.close() };
}

function portOf(port: MessagePort): Port {
  return {
    send: (message) => port.postMessage(message),
    onMessage: (listener) => void port.on('message', listener),
    onClose: (listener) => void port.on('close', listener),
  };
}
