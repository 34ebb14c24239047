import type { Findings } from './findings.ts';
import { child } from './path.ts';
import type { Settings } from './settings.ts';

/** Keys that are understood but that this version can't act on: said aloud, never ignored in silence. */
export function reportNotYet(settings: Settings, { problem, warn }: Findings): void {
  const idle = (path: string) =>
    warn('no-effect', path, 'has no effect in this version: leave it out until it does');
  if (settings.store.jetstream) {
    problem('store.jetstream', 'is not available in this version: write sqlite: ./data/sts.db');
  }
  for (const [name, { rotation }] of settings.accounts.entries) {
    if (rotation) idle(child(child('accounts', name), 'rotation'));
  }
  for (const [name, { hasLogin }] of settings.issuers.entries) {
    if (hasLogin) idle(child(child('issuers', name), 'login'));
  }
  if (settings.nats.system) idle('nats.system');
  if (settings.nats.operatorSigningKey !== undefined) idle('nats.operatorSigningKey');
  if (settings.sealingKey !== undefined) idle('sealingKey');
  if (settings.admin) idle('admin');
}
