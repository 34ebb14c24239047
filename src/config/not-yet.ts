import type { Findings } from './findings.ts';
import { child } from './path.ts';
import type { Settings } from './settings.ts';

/** Keys that are understood but that this version can't act on: said aloud, never ignored in silence. */
export function reportNotYet(settings: Settings, { warn }: Findings): void {
  for (const [name, { hasLogin }] of settings.issuers.entries) {
    if (!hasLogin) continue;
    warn(
      'no-effect',
      child(child('issuers', name), 'login'),
      'has no effect in this version: leave it out until it does',
    );
  }
}
