import { type AdminRule, compileAdmin } from '../policy/admin.ts';
import type { Findings } from './findings.ts';
import type { Settings } from './settings.ts';

/** Who may administer; conditions that can't be compiled, or are none, are problems. */
export function readAdmin({ admin = [] }: Settings, { problem }: Findings): AdminRule[] {
  const specs = admin.map(({ issuer, match }, place) => ({
    name: `admin[${place}]`,
    issuer,
    match,
  }));
  for (const { path, message } of compileAdmin(specs).problems) problem(path, message);
  return specs;
}
