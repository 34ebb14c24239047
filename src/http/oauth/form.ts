import { Refusal } from '../../errors.ts';
import { shownNames } from '../refusals/shown-names.ts';

/** Parameters as Fastify reads them from a query or a form: a repeated one is an array. */
export type Form = Readonly<Record<string, unknown>>;

/** The request body or query as parameters; a missing body has none. */
export function formOf(parsed: unknown): Form {
  return typeof parsed === 'object' && parsed !== null ? (parsed as Form) : {};
}

/** A parameter's value; one without a value counts as left out (RFC 6749 §3.1, §3.2). */
export function text(form: Form, name: string): string | undefined {
  const value = Object.hasOwn(form, name) ? form[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The same, trimmed: tokens and keys read from a file end with a line break. */
export function trimmed(form: Form, name: string): string | undefined {
  return text(form, name)?.trim() || undefined;
}

/** All values of a parameter that may be repeated. */
export function texts(form: Form, name: string): string[] {
  const value = Object.hasOwn(form, name) ? form[name] : undefined;
  const values = [value].flat().filter((v): v is string => typeof v === 'string');
  return values.map((v) => v.trim()).filter((v) => v !== '');
}

/** Parameters must not be repeated (RFC 6749 §3.1, §3.2), except those in `repeatable`. */
export function repeated(form: Form, repeatable?: ReadonlySet<string>): Refusal | undefined {
  const names = Object.keys(form);
  const name = names.find((name) => Array.isArray(form[name]) && !repeatable?.has(name));
  if (name === undefined) return undefined;
  return new Refusal(
    'parameter_repeated',
    `Send ${shownNames([name], 'each parameter')} only once.`,
  );
}

export function missing(name: string): Refusal {
  return new Refusal('parameter_missing', `The parameter ${name} is missing.`);
}

export function invalid(message: string): Refusal {
  return new Refusal('parameter_invalid', message);
}
