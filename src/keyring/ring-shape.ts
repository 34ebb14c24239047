import { z } from 'zod';

/**
 * What every part relies on in a ring that is read from the store. Words and members that a later
 * version adds pass, and stay: only what would make this one fail halfway is refused here.
 */
const milliseconds = z.number();

const key = z.looseObject({
  publicKey: z.string(),
  slot: z.string(),
  state: z.enum(['staged', 'active', 'draining', 'retired']),
  scope: z
    .looseObject({
      role: z.string(),
      template: z.looseObject({}),
      tags: z.record(z.string(), z.string()),
    })
    .optional(),
  sealedSeed: z.string().optional(),
  proof: z.looseObject({ by: z.string(), signature: z.string() }).optional(),
  stagedAt: milliseconds,
  stagedTerm: z.number(),
  activeAt: milliseconds.optional(),
  drainingAt: milliseconds.optional(),
  retiredAt: milliseconds.optional(),
  settledAt: milliseconds.optional(),
  waitsFor: z.array(z.string()).optional(),
  maySignAt: milliseconds.optional(),
  lifetimeSeconds: z.number(),
  reason: z.string(),
});

const revokedUser = z.looseObject({
  at: z.number(),
  until: z.number(),
  by: z.array(z.string()),
  gone: z.literal(true).optional(),
});

const change = z.looseObject({
  time: milliseconds,
  account: z.string(),
  slot: z.string(),
  publicKey: z.string(),
  from: z.string().optional(),
  to: z.string(),
  reason: z.string(),
});

const admission = z.looseObject({
  expiresAt: z.number().optional(),
  notBefore: z.number().optional(),
  revokedUntil: z.number().optional(),
  obstacles: z.array(z.string()).optional(),
});

const ring = z.looseObject({
  account: z.string(),
  publicKey: z.string(),
  kind: z.enum(['managed', 'external']),
  keys: z.array(key),
  rotationRequests: z.record(z.string(), milliseconds),
  revoked: z.record(z.string(), revokedUser),
  admission: admission.optional(),
  unreported: z.array(change),
});

/** What is wrong with the first member that can't be so, e.g. `keys.0.state: …`; undefined: it is a ring. */
export function ringFault(value: unknown): string | undefined {
  const [issue] = ring.safeParse(value).error?.issues ?? [];
  return issue && `${issue.path.join('.') || 'all of it'}: ${issue.message}`;
}
