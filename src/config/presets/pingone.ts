import { z } from 'zod';
import { DAY, UUID } from './options.ts';
import { definePreset } from './preset.ts';

const REGIONS = ['com', 'eu', 'ca', 'asia', 'com.au', 'sg'] as const;

export const pingone = definePreset({
  id: 'pingone',
  title: 'PingOne',
  options: {
    environment: z
      .string()
      .regex(UUID, 'is not the ID of an environment: write a GUID in lower case')
      .meta({ title: 'GUID', description: 'ID of the environment.' }),
    region: z
      .enum(REGIONS, { error: `write one of ${REGIONS.join(', ')}` })
      .prefault('com')
      .meta({ title: 'region', description: 'Last part of the host, `auth.pingone.…`.' }),
  },
  facts: ({ environment, region }) => ({
    issuers: [`https://auth.pingone.${region}/${environment}/as`],
    algorithms: ['RS256'],
    kinds: ['access_token'],
    maxTokenLifetimeSeconds: DAY,
    // Client credentials have no sub.
    subject: [['sub'], ['client_id']],
  }),
  claims: {
    text: ['client_id', 'scope', 'sid', 'acr', 'groups'],
  },
  doc: {
    about:
      'Access tokens for a custom resource, whose audience is a name for this service, for people and for workers (client credentials). For a custom domain, use a plain `issuer`, with `subject: [client_id]` if it only serves client credentials.',
    claims:
      '`client_id`, `scope` (one text, separated by spaces), `groups` and other attributes when the resource maps them.',
    pitfalls: [
      'Client-credentials tokens have no `sub`, so the identity is the `client_id`, and a binding on `sub` never matches: bind on `client_id`.',
      'Groups appear only through an attribute mapping on the resource.',
    ],
    example: `issuers:
  ping:
    preset: pingone
    environment: 7334523a-0000-4a4f-8b60-0123456789ab
    audience: https://nats-sts.example.com
bindings:
  - name: the orders worker
    issuer: ping
    match: { client_id: 5f7d1e0a-0000-4c4b-8f3a-0123456789ab }
    roles: [orders-publisher]`,
    login: [
      'An OIDC Web App with the authorization code grant: its redirect URI is `<publicUrl>/login/callback`, its signoff URL `<publicUrl>/`.',
      'Map groups and other attributes on this application, into the ID token.',
    ],
  },
});
