import { durationText } from '../../config/schema/scalars.ts';
import { decodeJwt } from '../../nats/jwt.ts';
import { Malformed } from '../../nats/malformed.ts';
import { harmless } from '../terminal.ts';
import { localTime } from '../time.ts';
import { accountOf, type HandedOver, type Person } from './oauth-answers.ts';
import type { Saved } from './save.ts';

/** `Ada Lovelace (https://idp.example.com 7c9a)`. Untrusted text, made harmless. */
export function personText({ name, issuer, subject }: Person): string {
  const identity = `${issuer} ${subject}`;
  return harmless(name === undefined ? identity : `${name} (${identity})`);
}

/** Describes the credential: who has it, which role, until when. `now` is in milliseconds since the Unix epoch. */
export function credentialText(answer: HandedOver, now: number): string[] {
  const { scope, expires_in, refresh_token_expires_in, identity, inbox_prefix } = answer;
  const until = (seconds: number) => localTime(now + seconds * 1000);
  return [
    `signed in as ${personText(identity)} until ${until(refresh_token_expires_in)}`,
    harmless(
      `role ${scope} in account ${accountOf(answer)}, valid for ${durationText(expires_in)} (until ${until(expires_in)})`,
    ),
    ...(inbox_prefix === undefined ? [] : [harmless(`inbox prefix ${inbox_prefix}`)]),
  ];
}

/** Where the credential is, and what to type next. */
export function contextText(
  { credential: { context, role }, taken }: Saved,
  { access_token }: HandedOver,
  { file, selected }: { readonly file: string; readonly selected: boolean },
): string[] {
  const how = selected ? 'selected' : `nats --context ${context} …`;
  const subject = trySubject(access_token);
  const nats = selected ? 'nats' : `nats --context ${context}`;
  return [
    harmless(`nats context ${context} (${how}), credentials in ${file}`),
    ...(taken === undefined
      ? []
      : [harmless(`it is not called ${role}, because the nats context ${role} ${taken}`)]),
    ...(subject === undefined ? [] : [`try: ${nats} pub ${subject} hello`]),
  ];
}

/** A subject that the credential may publish to; unknown if its signing key has the permissions. */
function trySubject(jwt: string): string | undefined {
  const claims = decodeJwt(jwt);
  if (claims instanceof Malformed) return undefined;
  const { allow } = (claims.nats['pub'] ?? {}) as { allow?: unknown };
  if (!Array.isArray(allow)) return undefined;
  const subjects = allow
    .filter((subject) => typeof subject === 'string')
    .map((subject) => subject.replaceAll(/(?<=^|\.)[*>](?=$|\.)/g, 'test'));
  // Only plain words, since it is copied into a shell; and not an inbox.
  return subjects.find((subject) => /^[\w.-]{1,100}$/.test(subject) && !subject.startsWith('_'));
}
