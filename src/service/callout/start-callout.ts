import { boundedWarning } from './bounded-warning.ts';
import type { SystemConnection } from '../../account/system/connection.ts';
import { type CalloutDoor, openDoor } from '../../callout/door.ts';
import { SeenUsers } from '../../callout/seen-users.ts';
import { recordRejected } from '../../audit/refusals.ts';
import { unixSeconds } from '../../clock.ts';
import type { CalloutSpec, Config } from '../../config/config.ts';
import type { NatsLogin } from '../../connection/nats-login.ts';
import type { ExchangeParts } from '../../exchange.ts';
import type { ExchangeRequest, Issued } from '../../exchange-request.ts';
import type { Refusal } from '../../errors.ts';
import { ANY_ROLE } from '../../keyring/ring.ts';
import type { RateLimits } from '../../limits/rate-limits.ts';
import { CALLOUT_SUBJECT } from '../../nats/callout/request.ts';
import type { ResponseSigner } from '../../nats/callout/response.ts';
import { curveKeyPairFromSeed } from '../../nats/curve-key-pair.ts';
import { encodeJwt } from '../../nats/jwt.ts';
import { keyPairFromSeed } from '../../nats/key-pair.ts';
import { directUser } from '../../nats/user-claims.ts';
import type { Metrics } from '../metrics/service-metrics.ts';
import type { Resources } from '../resources.ts';
import { CALLOUT_USER_SECONDS } from '../signing/ringed-accounts.ts';
import { askForServers, knownServers } from './known-servers.ts';

export interface CalloutParts {
  readonly resources: Resources;
  readonly metrics: Metrics;
  /** The configuration in force. */
  readonly current: () => { readonly config: Config; readonly parts: ExchangeParts };
  /** The same that the other doors have: bounded together, counted, timed. */
  readonly exchange: (request: ExchangeRequest) => Promise<Issued | Refusal>;
  readonly limits: RateLimits;
  readonly system: SystemConnection | undefined;
  readonly onFault: (requestId: string, fault: unknown) => void;
}

/** A new connection takes over after this part of the life of the user that nats-sts makes for itself. */
const RENEWED_AFTER = 0.7;

/** Opens the door for auth callouts, if there is one in the configuration. */
export function startCallout(parts: CalloutParts): CalloutDoor | undefined {
  const { resources, metrics, current, exchange, limits, system, onFault } = parts;
  const { config } = current();
  const { callout } = config;
  if (!callout) return undefined;
  const { log, clock } = resources;
  const spec = config.accounts.find(({ name }) => name === callout.account);
  const isOurs = spec?.kind === 'managed';
  const signer = signerOf(callout, current);
  const warn = boundedWarning(log);
  const servers = knownServers(askForServers(system, callout.servers), () => performance.now());
  return openDoor({
    exchange,
    limits,
    refuse: async (origin, refusal) => {
      const answered = await recordRejected({ ...resources }, origin, { refusal });
      metrics.refused('callout', answered.reason);
      if (origin.client === undefined || answered.reason.startsWith('callout_')) {
        const { reason, detail } = answered;
        warn(reason, {
          requestId: origin.requestId,
          server: origin.client?.serverName,
          reason,
          detail,
        });
      }
      return answered;
    },
    askedOf: askedOf(callout, config),
    isServer: (id) => servers.has(id),
    signer,
    xkeys: callout.xkeySeeds.map(curveKeyPairFromSeed),
    userName: () => current().config.callout?.userName ?? callout.userName,
    seen: new SeenUsers(),
    clock,
    monotonic: () => performance.now(),
    unsealed: (server) =>
      warn('unsealed', { server, reason: 'the servers do not use callout.xkey' }),
    onFault,
    deadlineMilliseconds: callout.deadlineSeconds * 1000,
    capacity: config.limits.concurrentRequests,
    shed: () => {
      metrics.refused('callout', 'overloaded');
      warn('overloaded', { reason: 'overloaded' });
    },
    servers: callout.servers,
    login: isOurs ? { mint: mintedUser(parts, callout) } : (callout.login satisfies NatsLogin),
    ...(isOurs && { renewAfter: CALLOUT_USER_SECONDS * RENEWED_AFTER * 1000 }),
    report: (change) => {
      if (change.state === 'connected') {
        log.info({ server: change.server }, 'answering auth callouts');
      } else {
        log.error({ problem: change.problem }, 'cannot answer auth callouts');
      }
    },
  });
}

function askedOf(callout: CalloutSpec, { accounts }: Config): string {
  if (callout.issuerSeed !== undefined) return keyPairFromSeed(callout.issuerSeed).publicKey;
  return accounts.find(({ name }) => name === callout.account)?.publicKey ?? '';
}

/** Signs the answers: the issuer of nats-server.conf, or whatever key signs for the account now. */
function signerOf(
  { account, issuerSeed }: CalloutSpec,
  current: CalloutParts['current'],
): () => ResponseSigner | undefined {
  if (issuerSeed !== undefined) {
    const issuer = keyPairFromSeed(issuerSeed);
    return () => issuer;
  }
  return () => {
    const key = activeKey(current, account ?? '', 0);
    if (!key) return undefined;
    const { publicKey, account: issuerAccount, sign } = key;
    return { publicKey, sign, ...(publicKey !== issuerAccount && { issuerAccount }) };
  };
}

/** Undefined also while the lifetime is being written to the store: the next try has it. */
function activeKey(current: CalloutParts['current'], account: string, lifetimeSeconds: number) {
  const found = current().parts.keyRing.active(account, ANY_ROLE, lifetimeSeconds);
  if (!(found instanceof Promise)) return found;
  found.catch(() => undefined);
  return undefined;
}

/** The user of a managed account that connects for the callout: it may take requests and answer them. */
function mintedUser(
  { resources, current }: CalloutParts,
  { account = '', login }: CalloutSpec,
): () => { jwt: string; seed: string } {
  if (!('nkeySeed' in login)) throw new Error('the user of a managed account needs an nkey');
  const seed = login.nkeySeed;
  const sub = keyPairFromSeed(seed).publicKey;
  return () => {
    const key = activeKey(current, account, CALLOUT_USER_SECONDS);
    if (!key) throw new Error(`no key of account ${account} signs yet`);
    const iat = unixSeconds(resources.clock);
    const nats = directUser({
      issuer_account: key.account,
      pub: { deny: ['>'] },
      sub: { allow: [CALLOUT_SUBJECT] },
      resp: { max: 1, ttl: 10e9 },
    });
    const jwt = encodeJwt({
      claims: { sub, iat, exp: iat + CALLOUT_USER_SECONDS, name: 'nats-sts', nats },
      issuerPublicKey: key.publicKey,
      sign: key.sign,
    });
    return { jwt, seed };
  };
}
