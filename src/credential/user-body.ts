import { Refusal } from '../errors.ts';
import { type NatsJson, natsJsonOf } from '../nats/jwt.ts';
import { directUser, scopedUser } from '../nats/user-claims.ts';
import type { Grant, RoleSpec, SubjectRules } from '../policy/policy.ts';
import type { SigningKey } from '../keyring/key-ring.ts';
import type { CredentialRequest } from './credential.ts';
import { identityTags } from './identity-tags.ts';
import { permissionsAndLimits, subjects } from './permissions.ts';

/** The NATS part of the user JWT of this name, as JSON. */
export function userBody(
  { identity, actor, grant, signingKey }: CredentialRequest,
  name: string,
): NatsJson | Refusal {
  const tags = identityTags(identity, actor, grant, name);
  if (signingKey.scopedTo === undefined) {
    return withTags(directBody(grant, signingKey), tags);
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

/** JSON of a role's users, but for the tags and what a grant fills in. */
interface Frame {
  readonly account: string;
  /** Before the permissions to publish, between them and those to subscribe, and after. */
  readonly parts: readonly string[];
  /** Roles without templates grant the same rules to everyone: made once. */
  readonly publish: LastJson;
  readonly subscribe: LastJson;
}

/** The JSON of the rules that were asked for last. */
interface LastJson {
  rules: SubjectRules | undefined;
  json: string;
}

const frames = new WeakMap<RoleSpec, Frame>();

function directBody({ role, publish, subscribe }: Grant, signingKey: SigningKey): string {
  const known = frames.get(role);
  const frame = known?.account === signingKey.account ? known : frameOf(role, signingKey);
  if (frame !== known) frames.set(role, frame);
  const [before, between, after] = frame.parts;
  return `${before}${jsonOf(publish, frame.publish)}${between}${jsonOf(subscribe, frame.subscribe)}${after}`;
}

/** Stands for the rules of a grant. No text of a role is this one character. */
const PLACE: SubjectRules = { allow: ['\0'], deny: [] };

function frameOf(role: RoleSpec, { account, audience }: SigningKey): Frame {
  const permissions = permissionsAndLimits(role, { publish: PLACE, subscribe: PLACE });
  const json = natsJsonOf(
    // Servers without an operator refuse it.
    directUser({ ...(audience === undefined && { issuer_account: account }), ...permissions }),
  );
  return {
    account,
    parts: json.split(JSON.stringify(subjects(PLACE))),
    publish: { rules: undefined, json: '' },
    subscribe: { rules: undefined, json: '' },
  };
}

function jsonOf(rules: SubjectRules, last: LastJson): string {
  if (last.rules !== rules) {
    last.json = JSON.stringify(subjects(rules));
    last.rules = rules;
  }
  return last.json;
}

function withTags(body: string, tags: readonly string[]): NatsJson {
  return `{"tags":${JSON.stringify(tags)},${body.slice(1)}` as NatsJson;
}
