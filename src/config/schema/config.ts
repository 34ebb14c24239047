import { z } from 'zod';
import { PRESETS } from '../presets/index.ts';
import { accountSchema } from './account.ts';
import { adminSchema, rotatorSchema } from './admin.ts';
import { bindingSchema } from './binding.ts';
import { calloutSchema } from './callout.ts';
import {
  auditSchema,
  brandingSchema,
  contactSchema,
  limitsSchema,
  listenSchema,
  publicUrlSchema,
  rateLimitSchema,
  workersSchema,
} from './service.ts';
import type { ResolvedIssuer } from './issuer.ts';
import { natsSchema, storeSchema } from './nats.ts';
import { roleSchema } from './role.ts';
import { sealingKeySchema } from './sealing-key.ts';

/** Sections that are read as a whole. */
export const SECTIONS = {
  listen: listenSchema,
  publicUrl: publicUrlSchema,
  nats: natsSchema,
  store: storeSchema,
  audit: auditSchema,
  rateLimit: rateLimitSchema,
  limits: limitsSchema,
  workers: workersSchema,
  contact: contactSchema,
  branding: brandingSchema,
  sealingKey: sealingKeySchema,
  rotator: rotatorSchema,
  admin: adminSchema,
  callout: calloutSchema,
} as const;

const issuerSchemas = PRESETS.map(({ schema }) => schema) as [
  z.ZodType<ResolvedIssuer>,
  ...z.ZodType<ResolvedIssuer>[],
];

/**
 * The whole file, for the JSON Schema and the reference. `settings.ts` reads it part by part, so that a
 * mistake in one part does not hide others.
 */
export const configSchema = z.strictObject({
  listen: SECTIONS.listen,
  publicUrl: SECTIONS.publicUrl,
  nats: SECTIONS.nats,
  accounts: z
    .record(z.string(), accountSchema)
    .meta({ description: 'NATS accounts, each under a name of your choice.' }),
  store: SECTIONS.store,
  sealingKey: SECTIONS.sealingKey,
  rotator: SECTIONS.rotator,
  issuers: z
    .record(z.string(), z.union(issuerSchemas))
    .meta({ description: 'OIDC issuers, each under a name of your choice. See docs/presets.md.' }),
  roles: z
    .record(z.string(), roleSchema)
    .meta({ description: 'Roles, each under a name of your choice.' }),
  bindings: z.array(bindingSchema).meta({
    description:
      'Who gets which role, in order. An identity without a matching binding gets nothing.',
  }),
  admin: SECTIONS.admin,
  callout: SECTIONS.callout,
  audit: SECTIONS.audit,
  rateLimit: SECTIONS.rateLimit,
  limits: SECTIONS.limits,
  workers: SECTIONS.workers,
  contact: SECTIONS.contact,
  branding: SECTIONS.branding,
});
