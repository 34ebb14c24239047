import { Refusal } from '../errors.ts';
import { type NatsJson, natsJsonOf } from '../nats/jwt.ts';
import { directUser, scopedUser } from '../nats/user-claims.ts';
import type { Grant, RoleSpec, SubjectRules } from '../policy/policy.ts';
import type { CredentialRequest } from './credential.ts';
import { identityTags } from './identity-tags.ts';
import { permissionsAndLimits } from './permissions.ts';

/** The NATS part of the user JWT, as JSON. */
export function userBody({
  identity,
  actor,
  grant,
  signingKey,
}: CredentialRequest): NatsJson | Refusal {
  const tags = identityTags(identity, actor, grant);
  if (signingKey.scopedTo === undefined) {
    return withTags(directBody(grant, signingKey.account), tags);
  }
  const templateTags = scopedTags(grant);
  if (templateTags instanceof Refusal) return templateTags;
  return natsJsonOf(
    scopedUser({ issuer_account: signingKey.account, tags: [...tags, ...templateTags] }),
  );
}

/** `name:value` for each claim that the role's template on the signing key asks for. */
function scopedTags({ templateTags, templateTagsUnavailable, role }: Grant): string[] | Refusal {
  if (templateTagsUnavailable !== undefined) {
    return new Refusal(
      'template_value_unsafe',
      `Role "${role.name}" is signed with a scoped key, and ${templateTagsUnavailable}.`,
      {
        detail:
          'write {{… | token}} in the role, or sign it directly: signing: direct, or a key that is not scoped',
      },
    );
  }
  return Object.entries(templateTags).map(([name, value]) => `${name}:${value}`);
}

interface Cached {
  readonly publish: SubjectRules;
  readonly subscribe: SubjectRules;
  readonly account: string;
  readonly json: string;
}

/** JSON of everything but the tags. Roles without templates grant the same rules to everyone: made once. */
const bodies = new WeakMap<RoleSpec, Cached>();

function directBody({ role, publish, subscribe }: Grant, account: string): string {
  const cached = bodies.get(role);
  if (cached?.publish === publish && cached.subscribe === subscribe && cached.account === account) {
    return cached.json;
  }
  const json = natsJsonOf(
    directUser({
      issuer_account: account,
      ...permissionsAndLimits(role, { publish, subscribe }),
    }),
  );
  bodies.set(role, { publish, subscribe, account, json });
  return json;
}

function withTags(body: string, tags: readonly string[]): NatsJson {
  return `{"tags":${JSON.stringify(tags)},${body.slice(1)}` as NatsJson;
}
