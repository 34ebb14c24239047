import { isLoopback } from '../loopback.ts';
import type { Pitfall } from './view.ts';

/** `operator-unpinned` */
export const operatorUnpinned: Pitfall = function* operatorUnpinned({ nats }) {
  if (nats.operatorSigningKey === undefined || nats.operator !== undefined) return;
  yield {
    path: 'nats.operatorSigningKey',
    message:
      'whose account JWTs to build upon is what the servers say: pin it with nats.operator: {file: ./operator.jwt} (nsc describe operator --raw)',
  };
};

/** `operator-key-beside-listener` */
export const operatorKeyBesideListener: Pitfall = function* operatorKeyBesideListener({
  nats,
  listen,
}) {
  if (nats.operatorSigningKey === undefined) return;
  if (isLoopback(listen.host) && !listen.behindProxy) return;
  yield {
    path: 'nats.operatorSigningKey',
    message:
      'who breaks into the process that answers the network has the operator key, and with it every account: run nats-sts rotator apart and leave the key out here',
  };
};
