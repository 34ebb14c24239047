import type { AuditLog } from '../audit/log.ts';
import type { PartStatus } from '../http/service-routes.ts';
import type { Verifier } from '../identity/verify.ts';
import type { KeyRing } from '../keyring/key-ring.ts';
import type { Policy } from '../policy/compile.ts';

/**
 * What `/readyz` tells, part by part.
 *
 * One issuer of several that can't be reached does not make the service unready: that would take
 * all replicas away from the callers of the others. No issuer at all does.
 */
export function partStatus({
  policy,
  keyRing,
  verifier,
  audit,
  stopping,
}: {
  readonly policy: Policy;
  readonly keyRing: KeyRing;
  readonly verifier: Verifier;
  readonly audit: AuditLog;
  readonly stopping: boolean;
}): Record<string, PartStatus> {
  const issuers = verifier.status();
  const oneIsReady = issuers.some(({ ready }) => ready);
  return {
    service: part(!stopping, 'it is stopping'),
    audit: part(audit.healthy(), 'the audit log can not be written'),
    ...Object.fromEntries(
      issuers.map(({ name, ready, lastError }) => [
        `issuer:${name}`,
        { ...part(ready, lastError ?? 'its keys were not fetched yet'), essential: !oneIsReady },
      ]),
    ),
    ...accountParts(policy, keyRing),
  };
}

/** An account is ready when each of its roles has a key that signs now. */
function accountParts(policy: Policy, keyRing: KeyRing): Record<string, PartStatus> {
  const waiting = new Map<string, string[]>();
  for (const { spec } of policy.roles.values()) {
    const roles = waiting.get(spec.account) ?? [];
    if (!keyRing.active(spec.account, spec.name, 0)) roles.push(spec.name);
    waiting.set(spec.account, roles);
  }
  return Object.fromEntries(
    [...waiting].map(([account, roles]) => [
      `account:${account}`,
      part(roles.length === 0, `no signing key may sign now for ${roles.join(', ')}`),
    ]),
  );
}

function part(ready: boolean, message: string): PartStatus {
  return { ready, essential: true, ...(!ready && { message }) };
}
