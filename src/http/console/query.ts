import { Refusal } from '../../errors.ts';

/** Longer than any name, so anything longer finds nothing. */
const MAX_CHARACTERS = 2048;

/** The fields of a query or form by name, without empty ones. Refuses with the first invalid field. */
export function fields<Name extends string>(
  from: unknown,
  names: readonly Name[],
): Readonly<Partial<Record<Name, string>>> | Refusal {
  const found: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const text = field(from, name);
    if (text instanceof Refusal) return text;
    if (text !== undefined) found[name] = text;
  }
  return found;
}

function field(from: unknown, name: string): string | undefined | Refusal {
  if (typeof from !== 'object' || from === null || !Object.hasOwn(from, name)) return undefined;
  const value = (from as Readonly<Record<string, unknown>>)[name];
  if (Array.isArray(value)) return new Refusal('parameter_repeated', `Send ${name} only once.`);
  // Not trimmed: a subject may begin or end with a space, and without it would be another subject.
  const text = typeof value === 'string' ? value : '';
  if (text.length > MAX_CHARACTERS) {
    return new Refusal('parameter_invalid', `The field ${name} is too long.`);
  }
  return text === '' ? undefined : text;
}

/** A path with the parameters that are set. */
export function link(
  path: string,
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value) query.append(name, value);
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}
