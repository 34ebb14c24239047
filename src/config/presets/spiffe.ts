import { z } from 'zod';
import { DAY, issuerUrl } from './options.ts';
import { definePreset } from './preset.ts';

export const spiffe = definePreset({
  id: 'spiffe',
  title: 'SPIFFE (JWT-SVID)',
  options: {
    issuer: issuerUrl('Issuer in `iss`: the `jwt_issuer` of the SPIRE server.'),
    trustDomain: z
      .string()
      .regex(/^[a-z0-9._-]{1,255}$/, 'is not a trust domain: write one such as example.org')
      .meta({ title: 'trust domain', description: 'Trust domain of the subjects.' }),
  },
  facts: ({ issuer, trustDomain }) => ({
    issuers: [issuer],
    // JWT-SVID §2.2
    algorithms: ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'],
    kinds: ['jwt'],
    maxTokenLifetimeSeconds: DAY,
    trustDomain,
  }),
  doc: {
    about:
      'JWT-SVIDs that a workload fetches from the Workload API with an audience for this service (`spire-agent api fetch jwt -audience nats-sts`). Keys come from the SPIRE OIDC discovery provider at the issuer, or from a bundle: `jwks: { file: ./bundle.json }` (`spire-server bundle show -format spiffe`).',
    claims: '`sub`, the SPIFFE ID: `spiffe://TRUST_DOMAIN/PATH`. No other claims are guaranteed.',
    pitfalls: [
      'SPIFFE does not require `iss`, but nats-sts finds the issuer only by `iss` and rejects tokens without it: set `jwt_issuer` on the SPIRE server.',
      'Compare the whole SPIFFE ID. A glob such as `spiffe://example.org*` also matches `spiffe://example.org.evil/…`.',
      'nats-sts does not fetch a bundle file again: replace it when the trust domain rotates its keys.',
    ],
    example: `issuers:
  spire:
    preset: spiffe
    issuer: https://spire.example.org
    trustDomain: example.org
    audience: nats-sts
bindings:
  - name: the orders service
    issuer: spire
    match: { sub: spiffe://example.org/ns/orders/sa/orders }
    roles: [orders-publisher]`,
  },
});
