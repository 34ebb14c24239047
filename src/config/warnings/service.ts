import { isLoopback } from '../addresses.ts';
import type { Pitfall } from './pitfall.ts';

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

/** `admin-single-use` */
export const adminSingleUse: Pitfall = function* adminSingleUse({ admin = [], issuers }) {
  for (const [index, { issuer }] of admin.entries()) {
    if (!issuers.entries.get(issuer)?.spec.singleUse) continue;
    yield {
      path: `admin[${index}].issuer`,
      message:
        'nats-sts keys and revoke call the service once to ask you, and once to do it, with one token, which this issuer has taken only once: leave singleUse out there, or let administrators come from another issuer',
    };
  }
};

/** `login-title-twice` */
export const loginTitleTwice: Pitfall = function* loginTitleTwice({ issuers }) {
  const first = new Map<string, string>();
  for (const [name, { login }] of issuers.entries) {
    if (!login) continue;
    const title = login.settings.title ?? name;
    const earlier = first.get(title);
    if (earlier === undefined) first.set(title, name);
    else {
      yield {
        path: `issuers.${name}.login`,
        message: `people can't tell it from issuers.${earlier}.login, which has the title "${title}" too: give it one of its own`,
      };
    }
  }
};

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
