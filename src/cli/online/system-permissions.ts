import { systemUserPermissions } from '../../account/permissions.ts';
import { CLAIMS_UPDATE } from '../../account/subjects.ts';
import { templateFault } from '../../account/template.ts';
import type { SubjectPermission } from '../../nats/user-claims.ts';
import type { Asked } from './ask-servers-once.ts';
import { type Finding, findingsOf } from './finding.ts';
import type { SystemParts } from './system-parts.ts';

const PATH = 'nats.system';

/** Whether its user may do what nats-sts needs. */
export function permissionFindings({ user, config }: SystemParts, asked: Asked): Finding[] {
  const { ok, problem } = findingsOf(PATH, 'permissions of the system user');
  const { pub, sub } = systemUserPermissions();
  const allow = pub.allow ?? [];
  // Only who has the operator's key pushes; a push is not tried, so that goes by the user's JWT.
  const pushes = config.nats.operatorSigningKey !== undefined;
  const mayNotPush = pushes && !allowsPublish(user.nats['pub'], CLAIMS_UPDATE);
  const missing = [...asked.refused, ...(mayNotPush ? [CLAIMS_UPDATE] : [])];
  const found: Finding[] = [];
  if (missing.length > 0) {
    found.push(
      problem(
        'not-permitted',
        `it may not publish to ${missing.join(', ')}`,
        `allow all of these: --allow-pub '${allow.join(',')}'`,
      ),
    );
  }
  if (asked.inboxRefused) {
    const inboxes = (sub.allow ?? []).join(',');
    found.push(
      problem(
        'not-permitted',
        `it may not subscribe to ${inboxes}`,
        `allow --allow-sub '${inboxes}'`,
      ),
    );
  }
  return found.length > 0 ? found : [ok('permissions', 'all that nats-sts needs')];
}

/** A user of a scoped key has no permissions in its own JWT: those of the key are not seen here. */
function allowsPublish(pub: unknown, subject: string): boolean {
  const rules = typeof pub === 'object' && pub !== null ? (pub as SubjectPermission) : {};
  return templateFault({ pub: { allow: [subject] } }, { pub: rules }) === undefined;
}
