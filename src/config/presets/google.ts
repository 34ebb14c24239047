import { HOUR } from './options.ts';
import { definePreset } from './preset.ts';

export const google = definePreset({
  id: 'google',
  title: 'Google',
  options: {},
  facts: () => ({
    issuers: ['https://accounts.google.com'],
    algorithms: ['RS256'],
    // Service accounts' ID tokens carry none of the claims that mark an ID token.
    kinds: ['id_token', 'jwt'],
    maxTokenLifetimeSeconds: HOUR,
  }),
  claims: {
    text: [
      'hd',
      'email',
      'name',
      '/google/compute_engine/project_id',
      '/google/compute_engine/instance_id',
      '/google/compute_engine/instance_name',
      '/google/compute_engine/zone',
    ],
    flag: ['email_verified'],
    number: [
      '/google/compute_engine/project_number',
      '/google/compute_engine/instance_creation_timestamp',
    ],
  },
  doc: {
    about:
      'ID tokens for service accounts (metadata server, `gcloud auth print-identity-token --audiences=…`, workload identity) and for people. Google access tokens are opaque, and nats-sts cannot use them.',
    claims:
      '`sub` is the stable ID of the account. `email` and `email_verified`; `hd` is the Workspace domain of a person; `/google/compute_engine/project_id` with `format=full` on the metadata server.',
    pitfalls: [
      'Any Google customer can get a token for your audience: each binding needs `sub`, `email`, or `hd`.',
      'An `email` address can be reassigned, and consumer accounts can have an address in your domain: prefer `sub`, and for people require `hd` too.',
      'Tokens have no claim for groups.',
      'The old issuer `accounts.google.com`, without a scheme, is not accepted.',
    ],
    example: `issuers:
  google: { preset: google, audience: https://sts.example.com }
bindings:
  - name: the orders service account
    issuer: google
    match: { sub: "110987294251917851298" }
    roles: [orders-publisher]`,
    login: [
      'An OAuth client of type Web application, with its secret: its authorized redirect URI is `<publicUrl>/login/callback`. Google has no sign-out to register.',
      'An internal consent screen admits only people of your Workspace; bind on `hd` anyway.',
    ],
  },
});
