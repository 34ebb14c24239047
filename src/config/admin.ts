import { compilePolicy } from '../policy/compile.ts';
import type { AdminSpec } from './config.ts';
import type { Findings } from './findings.ts';
import type { Settings } from './settings.ts';

/** Roles don't matter to an administrator's rule; the compiler of bindings asks for one. */
const NO_ROLE = {
  name: 'admin',
  account: '-',
  publish: { allow: [], deny: [] },
  subscribe: { allow: [], deny: [] },
  limits: {},
  maxTtlSeconds: 1,
};

/** Who may administer; conditions that can't be compiled, or are none, are problems. */
export function readAdmin({ admin = [] }: Settings, { problem }: Findings): AdminSpec[] {
  const specs = admin.map(({ issuer, match }, place) => ({
    name: `admin[${place}]`,
    issuer,
    match,
  }));
  const { problems } = compilePolicy({
    roles: [NO_ROLE],
    bindings: specs.map((spec) => ({ ...spec, roles: [NO_ROLE.name] })),
  });
  for (const { path, message } of problems) problem(path.replace(/^bindings/, 'admin'), message);
  return specs;
}
