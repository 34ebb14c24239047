import { systemClock } from '../../../src/clock.ts';
import { ownCount, rateLimits } from '../../../src/limits/rate-limits.ts';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import type { Refusal } from '../../../src/errors.ts';
import type { ExchangeRequest, Issued } from '../../../src/exchange-request.ts';
import { type AppOptions, buildApp } from '../../../src/http/app.ts';
import { cookieJar } from '../../../src/http/pages/cookies/cookie-jar.ts';
import type { Branding } from '../../../src/http/deps.ts';
import type { Claims } from '../../../src/identity/identity.ts';
import type { Logins } from '../../../src/login/logins.ts';
import type { Session } from '../../../src/login/session.ts';
import type { BindingSpec, RoleSpec } from '../../../src/policy/policy.ts';
import { createHandoverWorld, type HandoverWorld } from '../../login/handover/handover-world.ts';
import { policyOf, role } from '../../policy/support.ts';

export const PUBLIC_URL = 'https://sts.test';
export const CONTACT = 'platform@acme.test';
export const CREDS = 'a creds file';

export interface PeopleAppOptions {
  readonly publicUrl?: string;
  readonly contact?: string | undefined;
  readonly issuers?: ReturnType<Logins['issuers']>;
  readonly branding?: Branding;
  /** What every role waits for. */
  readonly pending?: Issued['pending'];
  readonly roles?: readonly RoleSpec[];
  readonly bindings?: readonly BindingSpec[];
  readonly limits?: { readonly perAddress?: number; readonly perIdentity?: number };
  /** Instead of those of the world. */
  readonly logins?: Partial<Logins>;
  /** What the exchange answers. */
  readonly refuses?: Refusal;
  /** What is answered when a denial is to be recorded. */
  readonly unrecorded?: Refusal;
}

/** A denial on the record. */
interface Denied {
  readonly subject: string;
  readonly reason: string;
  readonly requestId: string;
}

/** The pages with real sessions, handovers and policy; only the issuer is not there. */
export interface LoginApp extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly world: HandoverWorld;
  /** What was asked of the exchange. */
  readonly exchanged: ExchangeRequest[];
  readonly faults: unknown[];
  /** Who was told that there is nothing for them. */
  readonly denied: readonly Denied[];
  /** The cookies of a person who has signed in. */
  signIn(claims?: Claims, changes?: Partial<Session>): Promise<Record<string, string>>;
  get(url: string, more?: Partial<InjectOptions>): Promise<LightMyRequestResponse>;
  /** A form of our own page, sent; with `headers` it says otherwise where it is from. */
  post(
    url: string,
    fields: Readonly<Record<string, string>>,
    more?: Partial<InjectOptions>,
  ): Promise<LightMyRequestResponse>;
}

export const ROLES = [
  role('publisher', {
    description: 'Writes orders',
    publish: { allow: ['orders.>'], deny: ['orders.secret'] },
    maxTtlSeconds: 8 * 3600,
  }),
  role('reader', {
    publish: { allow: [], deny: [] },
    subscribe: { allow: ['orders.*'], deny: [] },
  }),
];

export const BINDINGS: readonly BindingSpec[] = [
  {
    name: 'people of orders',
    issuer: 'dev',
    match: { team: 'orders' },
    roles: ['publisher', 'reader'],
  },
];

export async function startLoginApp(options: PeopleAppOptions = {}): Promise<LoginApp> {
  const world = await createHandoverWorld();
  const policy = policyOf(options.roles ?? ROLES, options.bindings ?? BINDINGS);
  const exchanged: ExchangeRequest[] = [];
  const faults: unknown[] = [];
  const denied: Denied[] = [];
  const publicUrl = options.publicUrl ?? PUBLIC_URL;
  const limit = (max: number | undefined) => ({ max: max ?? 1000, everySeconds: 60 });
  const logins: Logins = {
    issuers: () => options.issuers ?? [{ name: 'dev', title: 'Acme' }],
    begin: nobody,
    attemptIdOf: () => undefined,
    finish: nobody,
    open: (sealed) => world.keeper.open(sealed),
    signOut: async (session) => (await world.keeper.end(session)) ?? {},
    ...options.logins,
  };
  const app = await buildApp({
    ...REST,
    exchange: async (request) => {
      exchanged.push(request);
      return options.refuses ?? issued(request, policy);
    },
    live: () => ({
      publicUrl,
      servers: ['nats://127.0.0.1:4222'],
      contact: 'contact' in options ? options.contact : CONTACT,
      accounts: [],
    }),
    login: {
      logins,
      handovers: world.one,
      choices: (identity) => policy.choices(identity),
      denied: async ({ subject }, { refusal }, { requestId }) => {
        denied.push({ subject, reason: refusal.reason, requestId });
        return options.unrecorded;
      },
      isAdmin: ({ claims }) => claims['team'] === 'platform',
      pending: () => options.pending,
      branding: () => options.branding ?? { name: 'Acme NATS' },
      clock: world.clock,
    },
    rateLimits: rateLimits(
      () => ({
        enabled: true,
        perAddress: limit(options.limits?.perAddress),
        perIdentity: limit(options.limits?.perIdentity),
      }),
      ownCount(systemClock),
    ),
    onFault: (_requestId, fault) => faults.push(fault),
  });
  const get: LoginApp['get'] = async (url, more = {}) =>
    app.inject({ method: 'GET', url, ...more });
  return {
    app,
    world,
    exchanged,
    faults,
    denied,
    signIn: async (claims = { team: 'orders' }, changes = {}) => {
      const session = sessionWith(world, claims, changes);
      return cookiesOf(publicUrl, await world.keeper.seal(session));
    },
    get,
    post: async (url, fields, { headers, ...more } = {}) =>
      app.inject({
        method: 'POST',
        url,
        payload: new URLSearchParams(fields).toString(),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          ...(headers ?? { 'sec-fetch-site': 'same-origin' }),
        },
        ...more,
      }),
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await world[Symbol.asyncDispose]();
    },
  };
}

/** A session whose ID token says this of the person. */
function sessionWith(
  world: HandoverWorld,
  claims: Claims,
  changes: Partial<Session> = {},
): Session {
  const plain = world.session();
  const { iss = '', aud = '', iat = 0, exp = 0, sub = 'ada' } = plain.identity.claims;
  const whole: Claims = { iss, sub, aud, name: 'Ada', iat, exp, ...claims };
  const payload = Buffer.from(JSON.stringify(whole)).toString('base64url');
  const [header = '', , signature = ''] = plain.idToken.split('.');
  return {
    ...plain,
    idToken: `${header}.${payload}.${signature}`,
    identity: { ...plain.identity, claims: whole },
    ...changes,
  };
}

/** A small session as the browser brings it. */
function cookiesOf(publicUrl: string, sealed: string): Record<string, string> {
  return { [`${cookieJar(publicUrl).prefix}-session`]: `1.${sealed}` };
}

function nobody(): never {
  throw new Error('nobody is there');
}

function issued(request: ExchangeRequest, policy: ReturnType<typeof policyOf>): Issued | Refusal {
  if (!('identity' in request.subject)) throw new Error('a session has no token');
  const { identity } = request.subject;
  const decision = policy.decide(identity, request.ask);
  if ('denial' in decision) return decision.denial.refusal;
  return {
    identity,
    actor: undefined,
    grant: decision.grant,
    credential: {
      jwt: 'a.b.c',
      seed: 'SU',
      creds: CREDS,
      userPublicKey: `U${'A'.repeat(55)}` as Issued['credential']['userPublicKey'],
      account: 'A',
      signingKey: 'A',
      issuedAt: 1,
      expiresAt: 2,
    },
  };
}

/** What the pages don't use. */
const REST: Omit<AppOptions, 'exchange' | 'live' | 'login' | 'rateLimits' | 'onFault'> = {
  admin: {
    authenticate: nobody,
    actions: {
      keys: nobody,
      rotate: nobody,
      revokeKey: nobody,
      revocations: nobody,
      revoke: nobody,
      lift: nobody,
      credentials: nobody,
    },
  },
  console: { activity: nobody, warnings: nobody, names: nobody, follow: nobody },
  limits: { bodyBytes: 65_536, tokenBytes: 16_384, requestSeconds: 10 },
  connections: { total: 100, perNetwork: undefined },
  status: () => ({}),
  metrics: async () => ({ contentType: 'text/plain', text: '' }),
  openapi: '',
};
