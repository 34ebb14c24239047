import type { Json } from './identity.ts';
import { type JsonObject, type JsonProblem, parseStrictObject } from './strict-json.ts';

/**
 * The claims of a token, or of a file used as one: a strict JSON object, without its nulls. A
 * claim that is null is a claim that is missing (OIDC Core §5.3.2), for checks, subject, conditions
 * and templates alike; so is a member of an object, and a null in a list is not an element.
 */
export function parsePayload(text: string): JsonObject | JsonProblem {
  const parsed = parseStrictObject(text);
  return typeof parsed === 'string' || !text.includes('null') ? parsed : withoutNulls(parsed);
}

/** A copy without nulls, at any depth. For what JSON can hold, and no deeper than `parseStrictObject` takes. */
export function withoutNulls(object: Readonly<JsonObject>): JsonObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, value]) =>
      value === null ? [] : [[name, cleaned(value)] as const],
    ),
  );
}

function cleaned(value: Exclude<Json, null>): Json {
  if (typeof value !== 'object') return value;
  if (!Array.isArray(value)) return withoutNulls(value);
  return value.flatMap((element) => (element === null ? [] : [cleaned(element)]));
}
