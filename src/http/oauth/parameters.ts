import { Refusal } from '../../errors.ts';
import type { HandoverAsk } from '../../login/handovers.ts';
import { parsePublicKey, type UserPublicKey } from '../../nats/nkeys.ts';
import { type Form, invalid, missing, text, trimmed } from './form.ts';

/** The only client: the command line, a public client (RFC 6749 §2.1). */
export const CLIENT_ID = 'nats-sts';

/** As at `/exchange`: the requested role is recorded. */
const MAX_ROLE_CHARACTERS = 128;
const MAX_PROGRAM_CHARACTERS = 100;

/** Control characters, direction overrides, line breaks, lone surrogates: nothing that a name needs. */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

export function checkClient(form: Form): Refusal | undefined {
  if (text(form, 'client_id') === CLIENT_ID) return undefined;
  return new Refusal('client_unknown', `The client_id must be ${CLIENT_ID}.`);
}

/** `scope`, which names the role. */
export function parseRole(form: Form): string | Refusal | undefined {
  const scope = text(form, 'scope');
  if (scope === undefined) return undefined;
  const role = scope.trim();
  if (role === '' || role.includes(' ') || scope.length > MAX_ROLE_CHARACTERS) {
    return new Refusal(
      'scope_invalid',
      'The scope must name one role: a credential carries one role.',
    );
  }
  return role;
}

export function parseTtl(form: Form): number | Refusal | undefined {
  const ttl = trimmed(form, 'ttl');
  if (ttl === undefined) return undefined;
  if (!/^[1-9][0-9]{0,7}$/.test(ttl)) {
    return invalid('The ttl must be a whole number of seconds, 1 to 99,999,999.');
  }
  return Number(ttl);
}

export function parseNkey(form: Form): UserPublicKey | Refusal | undefined {
  const nkey = trimmed(form, 'nkey');
  if (nkey === undefined) return undefined;
  const key = parsePublicKey('user', nkey);
  return key ?? new Refusal('nkey_invalid', 'The nkey is not a public user key (U...).');
}

/** The key of a program that keeps its own seed. */
export function requireNkey(form: Form): UserPublicKey | Refusal {
  return parseNkey(form) ?? missing('nkey');
}

/** The name of the program, which the user sees before agreeing. */
function parseProgram(form: Form): string | Refusal {
  const program = text(form, 'program')?.trim();
  if (program === undefined || program === '') return 'unnamed program';
  if (program.length > MAX_PROGRAM_CHARACTERS || UNSHOWABLE.test(program)) {
    return invalid(
      `The program name must have at most ${MAX_PROGRAM_CHARACTERS} characters, all of them printable.`,
    );
  }
  return program;
}

/** The credential that a program requests. Refuses with the first invalid parameter. */
export function parseHandoverAsk(form: Form): HandoverAsk | Refusal {
  const userPublicKey = requireNkey(form);
  if (userPublicKey instanceof Refusal) return userPublicKey;
  const role = parseRole(form);
  if (role instanceof Refusal) return role;
  const ttlSeconds = parseTtl(form);
  if (ttlSeconds instanceof Refusal) return ttlSeconds;
  const program = parseProgram(form);
  if (program instanceof Refusal) return program;
  return { program, userPublicKey, role, ttlSeconds };
}
