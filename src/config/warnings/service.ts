import { isLoopback } from '../addresses.ts';
import type { Pitfall } from './pitfall.ts';

/** `nats-servers-loopback` */
export const natsServersLoopback: Pitfall = function* natsServersLoopback({ nats, listen }) {
  const reachable = nats.servers.some((server) => !isLoopback(new URL(server).hostname));
  if (isLoopback(listen.host) || reachable) return;
  yield {
    path: 'nats.servers',
    message:
      'callers get a loopback URL, which leads to their own machine: write URLs that they can reach',
  };
};

/** `proxies-everyone` */
export const proxiesEveryone: Pitfall = function* proxiesEveryone({ listen }) {
  if (!listen.behindProxy?.some((network) => network.endsWith('/0'))) return;
  yield {
    path: 'listen.behindProxy',
    message:
      'X-Forwarded-For is trusted from everyone, so callers can forge their address in rate limits and the audit log: list only your proxies',
  };
};

/** `public-url-plain-http` */
export const publicUrlPlainHttp: Pitfall = function* publicUrlPlainHttp({ publicUrl }) {
  if (publicUrl === undefined || publicUrl.startsWith('https:')) return;
  if (isLoopback(new URL(publicUrl).hostname)) return;
  yield { path: 'publicUrl', message: 'tokens would be sent unencrypted: write https://…' };
};

/** `no-bindings` */
export const noBindings: Pitfall = function* noBindings({ bindings }) {
  if (bindings.length > 0) return;
  yield { path: 'bindings', message: 'is empty, so nobody gets a credential: add a binding' };
};

/** `admin-single-use` */
export const adminSingleUse: Pitfall = function* adminSingleUse({ admin = [], issuers }) {
  for (const [index, { issuer }] of admin.entries()) {
    if (!issuers.entries.get(issuer)?.spec.singleUse) continue;
    yield {
      path: `admin[${index}].issuer`,
      message:
        'nats-sts keys and nats-sts revoke send one token twice (to preview, then to act), but this issuer has singleUse: remove singleUse there, or use another issuer for administrators',
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
        message: `has the same title as issuers.${earlier}.login, "${title}", so people cannot distinguish them: choose another`,
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
      'nats-sts trusts whichever operators the servers name: pin yours with nats.operator: {file: ./operator.jwt} (nsc describe operator --raw)',
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
      'the process that serves the network has the operator key, so an attacker who takes it over controls every account: run nats-sts rotator separately, and remove the key here',
  };
};
