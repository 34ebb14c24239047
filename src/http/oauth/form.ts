import { Refusal } from '../../errors.ts';

/** Parameters as Fastify reads them from a query or a form: a repeated one is an array. */
export type Form = Readonly<Record<string, unknown>>;

/** Whatever came in, as parameters; no body at all has none. */
export function formOf(parsed: unknown): Form {
  return typeof parsed === 'object' && parsed !== null ? (parsed as Form) : {};
}

/** A parameter's value; one without a value counts as left out (RFC 6749 §3.1, §3.2). */
export function text(form: Form, name: string): string | undefined {
  const value = Object.hasOwn(form, name) ? form[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** All values of a parameter that may be repeated. */
export function texts(form: Form, name: string): string[] {
  const value = Object.hasOwn(form, name) ? form[name] : undefined;
  return [value].flat().filter((v): v is string => typeof v === 'string' && v !== '');
}

/** Parameters may not be repeated (RFC 6749 §3.1, §3.2), but for those that say so. */
export function repeated(form: Form, repeatable?: ReadonlySet<string>): Refusal | undefined {
  const names = Object.keys(form);
  const name = names.find((name) => Array.isArray(form[name]) && !repeatable?.has(name));
  if (name === undefined) return undefined;
  return new Refusal('parameter_repeated', `Send ${known(name)} only once.`);
}

export function missing(name: string): Refusal {
  return new Refusal('parameter_missing', `The parameter ${name} is missing.`);
}

export function invalid(message: string): Refusal {
  return new Refusal('parameter_invalid', message);
}

/** A stranger's parameter name is shown only when it is one of ours. */
function known(name: string): string {
  return /^[a-z_]{1,40}$/.test(name) ? name : 'each parameter';
}
