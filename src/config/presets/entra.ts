import { z } from 'zod';
import { DAY, HOUR, UUID } from './options.ts';
import { definePreset } from './preset.ts';
import type { Misfit } from './resolve.ts';

const LOGIN = 'https://login.microsoftonline.com';
const TENANT_RULE =
  'is not a tenant ID: write the GUID (Directory ID) in lower case; common and organizations would let every tenant in';

/** Not a tenant but everybody's personal Microsoft account. */
const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad';

const tenantId = z
  .string()
  .regex(UUID, TENANT_RULE)
  .refine(
    (id) => id !== CONSUMERS,
    'is the tenant of all personal Microsoft accounts, which lets everyone in: write the GUID of your own tenant',
  )
  .meta({ title: 'GUID' });

/** `api://<client id>` in version 1 is the bare client id in version 2. */
function audiencesOf(written: readonly string[]): string[] {
  const clientIds = written
    .filter((audience) => audience.startsWith('api://'))
    .map((audience) => audience.slice('api://'.length))
    .filter((id) => UUID.test(id));
  return [...new Set([...written, ...clientIds])];
}

function tenantsOf(one?: string, several?: readonly string[]): readonly string[] | Misfit {
  if (one !== undefined && several !== undefined) {
    return { path: 'tenants', message: 'give either tenant or tenants' };
  }
  const tenants = several ?? (one === undefined ? [] : [one]);
  if (tenants.length > 0) return tenants;
  return { path: 'tenant', message: 'is missing: write the GUID of your tenant (Directory ID)' };
}

export const entra = definePreset({
  id: 'entra',
  title: 'Microsoft Entra ID',
  options: {
    tenant: tenantId
      .optional()
      .meta({ title: 'GUID', description: 'ID of the tenant (Directory ID).' }),
    tenants: z.array(tenantId).min(1, 'is empty: give at least one tenant').optional().meta({
      description: 'IDs of several tenants, for an application registered in all of them.',
    }),
  },
  facts({ tenant, tenants, audience, login }) {
    const ids = tenantsOf(tenant, tenants);
    if ('message' in ids) return ids;
    if (login && ids.length > 1) {
      return { path: 'login', message: 'needs one tenant: make an entry for each, with tenant' };
    }
    const directory = ids.length === 1 ? ids[0] : 'common';
    return {
      // Version 2 first: that is where people sign in.
      issuers: ids.flatMap((id) => [`${LOGIN}/${id}/v2.0`, `https://sts.windows.net/${id}/`]),
      // No discovery: the document of version 1 is not at the URL of the issuer that it names.
      keys: { kind: 'url', url: `${LOGIN}/${directory}/discovery/v2.0/keys` },
      algorithms: ['RS256'],
      kinds: ['access_token'],
      // Managed identities get 24 hours, counted from an iat that lies five minutes back.
      maxTokenLifetimeSeconds: DAY + HOUR,
      audiences: audiencesOf(audience),
      // sub differs from application to application; tid and oid are the person or service.
      subject: [['tid', 'oid']],
      require: { tid: ids },
    };
  },
  claims: {
    text: [
      'oid',
      'tid',
      'roles',
      'groups',
      'scp',
      'appid',
      'appidacr',
      'azpacr',
      'acr',
      'amr',
      'idtyp',
      'idp',
      'ver',
      'name',
      'preferred_username',
      'upn',
      'unique_name',
      'xms_mirid',
    ],
    flag: ['hasgroups'],
    mixedCase: ['sub', 'uti'],
  },
  doc: {
    about:
      'Access tokens of versions 1 and 2 of one tenant (or a list of tenants): for people, for applications (client credentials), for managed identities (`resource=api://…`) and for federated workload identities. For ID tokens add `kinds: [id_token]` and the client ID as audience.',
    claims:
      '`oid` (the person or service principal), `roles` (app roles, a list), `groups` (IDs, a list), `scp` (one text, separated by spaces), `azp` or `appid` (the client), `idtyp: app`, `xms_mirid` (the managed identity; its names may change).',
    pitfalls: [
      'Version 2 tokens always have the client ID of your application as `aud`; version 1 tokens have the audience that was requested. `audience: api://<client id>` accepts both; with any other name, add the client ID to the list.',
      '`preferred_username`, `upn`, `unique_name`, `email` and `name` can be changed, in part by the user: never bind on them. Bind on `oid`, `roles` or `groups`.',
      'With more than 200 groups, the token has a link instead of `groups`, and bindings on groups deny with the reason `groups_overage`. App roles, and groups assigned to the application, do not have this limit.',
      '`sub` differs for each application, so the identity is `tid/oid`.',
      'Every application of the tenant can get a token without `roles`: a binding that checks only `tid` lets all of them in.',
    ],
    example: `issuers:
  entra:
    preset: entra
    tenant: 72f988bf-86f1-41af-91ab-2d7cd011db47
    audience: api://6e74172b-be56-4843-9ff4-e66a39bb12e3
bindings:
  - name: services with the app role
    issuer: entra
    match: { roles: Nats.Publisher }
    roles: [orders-publisher]`,
    login: [
      'Authentication → Web: the redirect URIs are `<publicUrl>/login/callback` and, to come back from signing out, `<publicUrl>/`.',
      'Use a client secret. With a private key, Entra requires a certificate thumbprint in the header, which nats-sts does not send.',
      'Keep `profile` in the scopes: without it, the ID token has no `oid`.',
      'App roles assigned to people appear in `roles` automatically; `groups` requires Token configuration → groups claim → ID.',
      'People sign in at one tenant: use `tenant`, not `tenants`. The identity is `tid/oid`, as with access tokens.',
    ],
  },
});
