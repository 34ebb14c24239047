import { z } from 'zod';
import { DAY } from './options.ts';
import { definePreset } from './preset.ts';

export const cognito = definePreset({
  id: 'cognito',
  title: 'Amazon Cognito',
  options: {
    region: z
      .string()
      .regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/, 'is not a region: write one such as eu-central-1')
      .meta({ title: 'region', description: 'Region of the user pool.' }),
    pool: z
      .string()
      .regex(
        /^[a-z0-9-]+_[A-Za-z0-9]+$/,
        'is not the ID of a user pool: write one such as eu-central-1_Ab12Cd34E',
      )
      .meta({ title: 'id', description: 'ID of the user pool.' }),
  },
  facts({ region, pool, kinds = ['access_token'] }) {
    const [kind, ...others] = kinds;
    if (others.length > 0 || kind === 'jwt') {
      // The audience is client_id in access tokens and aud in ID tokens: one rule cannot cover both.
      return { path: 'kinds', message: 'write either [access_token] or [id_token]' };
    }
    if (!pool.startsWith(`${region}_`)) {
      return { path: 'pool', message: `does not begin with the region: ${region}_…` };
    }
    const isAccess = kind === 'access_token';
    return {
      issuers: [`https://cognito-idp.${region}.amazonaws.com/${pool}`],
      algorithms: ['RS256'],
      kinds: ['access_token'],
      maxTokenLifetimeSeconds: DAY,
      audienceClaim: isAccess ? 'client_id' : 'aud',
      require: { token_use: [isAccess ? 'access' : 'id'] },
    };
  },
  claims: {
    text: [
      'cognito:groups',
      'cognito:username',
      'username',
      'client_id',
      'token_use',
      'scope',
      'event_id',
      'origin_jti',
      'email',
    ],
    flag: ['email_verified'],
    number: ['version'],
  },
  doc: {
    about:
      'Access tokens (the default) or ID tokens (`kinds: [id_token]`) of one user pool. The audience is the ID of the app client, or a list of IDs: Cognito access tokens have no `aud`, so their `client_id` is compared.',
    claims:
      '`"cognito:groups"` (a list; quote it because of the colon), `scope` (access tokens; one text, separated by spaces), `username`, `sub`.',
    pitfalls: [
      'Access and ID tokens need different rules, so an entry accepts one kind. Prefer access tokens: this is their purpose.',
      'Attributes `custom:…` may be writable by the user: do not bind on them unless no app client can write them.',
      'A user pool with open sign-up gives tokens to anyone: bind on a group.',
    ],
    example: `issuers:
  cognito:
    preset: cognito
    region: us-east-2
    pool: us-east-2_SF2DCPO5Y
    audience: 617jkna9pqeg8rmgtg9uv4e6j4
bindings:
  - name: publishers
    issuer: cognito
    match: { "cognito:groups": nats-publishers }
    roles: [orders-publisher]`,
    login: [
      'An app client of the pool with the authorization code grant, on a pool with a domain: its allowed callback URL is `<publicUrl>/login/callback`.',
      '`"cognito:groups"` is in ID tokens too; `scope` is not, and `username` is `"cognito:username"` there.',
      'Cognito does not follow OpenID Connect for sign-out (it requires `logout_uri`): signing out ends the session at nats-sts, but possibly not the one at Cognito.',
    ],
  },
});
