import type { AuditLog } from '../audit/log.ts';
import type { Config } from '../config/config.ts';
import type { PartStatus } from '../http/service-routes.ts';
import type { Verifier } from '../identity/verify.ts';

/**
 * What `/readyz` tells, part by part.
 *
 * One issuer of several that can't be reached does not make the service unready: that would take
 * all replicas away from the callers of the others. No issuer at all does.
 */
export function partStatus({
  config,
  verifier,
  audit,
  stopping,
}: {
  readonly config: Config;
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
    ...Object.fromEntries(
      config.accounts.map(({ name, signingKeys }) => [
        `account:${name}`,
        part(signingKeys.length > 0, 'it has no signing key'),
      ]),
    ),
  };
}

function part(ready: boolean, message: string): PartStatus {
  return { ready, essential: true, ...(!ready && { message }) };
}
