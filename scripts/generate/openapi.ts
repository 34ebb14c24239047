import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { OpenAPIV3_1 } from 'openapi-types';
import { stringify } from 'yaml';
import { buildApp } from '../../src/http/app.ts';
import { VERSION } from '../../src/version.ts';

/** openapi.yaml, from the schemas of the routes. */
export async function openapiYaml(): Promise<string> {
  const app = await buildApp({
    prepare: describe,
    exchange: unused,
    live: () => ({
      publicUrl: 'http://127.0.0.1:8080',
      servers: [],
      contact: undefined,
      accounts: [],
    }),
    admin: { authenticate: unused, actions: NO_ACTIONS },
    login: {
      logins: LOGINS,
      handovers: HANDOVERS,
      choices: unused,
      denied: unused,
      isAdmin: unused,
      pending: unused,
      branding: () => ({ name: 'nats-sts' }),
    },
    console: { activity: unused, warnings: unused, names: unused, follow: unused },
    rateLimits: { address: unused, identity: unused },
    limits: { bodyBytes: 1, tokenBytes: 1, requestSeconds: 1 },
    connections: { total: 1, perNetwork: undefined },
    status: () => ({}),
    metrics: unused,
    openapi: '',
    onFault: unused,
  });
  const document = app.swagger() as OpenAPIV3_1.Document;
  // @fastify/swagger calls every body required; these may be left out.
  for (const path of ['/exchange', '/credentials', '/admin/keys/rotate']) {
    const body = document.paths?.[path]?.post?.requestBody;
    if (body && 'required' in body) delete body.required;
  }
  await app.close();
  return `# Generated from the route schemas by \`npm run generate\`; do not edit.\n${stringify(
    document,
    { aliasDuplicateObjects: false, lineWidth: 100 },
  )}`;
}

const NO_ACTIONS = {
  keys: unused,
  rotate: unused,
  revokeKey: unused,
  revocations: unused,
  revoke: unused,
  lift: unused,
  credentials: unused,
};

const LOGINS = {
  issuers: unused,
  begin: unused,
  attemptIdOf: unused,
  finish: unused,
  open: unused,
  signOut: unused,
};

const HANDOVERS = {
  grantCode: unused,
  refuseCode: unused,
  redeemCode: unused,
  beginDevice: unused,
  findDevice: unused,
  agreeDevice: unused,
  refuseDevice: unused,
  redeemDevice: unused,
  refreshToken: unused,
  redeemRefreshToken: unused,
  introspect: unused,
  revoke: unused,
};

async function describe(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'nats-sts',
        version: VERSION,
        description:
          'Exchanges OIDC tokens for short-lived NATS credentials under a declarative policy.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: 'http://127.0.0.1:8080' }],
      components: {
        securitySchemes: {
          subjectToken: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: 'An OIDC ID or access token of a configured issuer.',
          },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: '__Host-nats-sts-session',
            description: 'Of a person who is signed in.',
          },
        },
      },
    },
  });
}

function unused(): never {
  throw new Error('no request is answered while the description is generated');
}
