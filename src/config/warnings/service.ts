import { isLoopback } from '../loopback.ts';
import type { Pitfall } from './view.ts';

/** `nats-servers-loopback` */
export const natsServersLoopback: Pitfall = function* natsServersLoopback({ nats, listen }) {
  const reachable = nats.servers.some((server) => !isLoopback(new URL(server).hostname));
  if (isLoopback(listen.host) || reachable) return;
  yield {
    path: 'nats.servers',
    message: 'callers are told to connect to their own machine: write the URLs that they can reach',
  };
};

/** `proxies-everyone` */
export const proxiesEveryone: Pitfall = function* proxiesEveryone({ listen }) {
  if (!listen.behindProxy?.some((network) => network.endsWith('/0'))) return;
  yield {
    path: 'listen.behindProxy',
    message:
      "anyone's X-Forwarded-For is believed, so rate limits and audit addresses can be forged: name the proxies",
  };
};

/** `public-url-plain-http` */
export const publicUrlPlainHttp: Pitfall = function* publicUrlPlainHttp({ publicUrl }) {
  if (publicUrl === undefined || publicUrl.startsWith('https:')) return;
  if (isLoopback(new URL(publicUrl).hostname)) return;
  yield { path: 'publicUrl', message: 'tokens would travel unencrypted: write https://…' };
};

/** `no-bindings` */
export const noBindings: Pitfall = function* noBindings({ bindings }) {
  if (bindings.length > 0) return;
  yield { path: 'bindings', message: 'without a binding nobody gets a credential' };
};
