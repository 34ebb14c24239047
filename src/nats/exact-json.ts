/**
 * JSON that is read, changed and written again without changing what was not meant: a number that
 * JavaScript would write in other digits (beyond 2^53, `1.0`, `1e3`) keeps its own.
 */

/** What the language has and TypeScript's library doesn't know yet (ECMAScript 2026, Node 22). */
interface SourceTextAccess {
  parse(
    text: string,
    reviver: (name: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  /** JSON text as a value that `JSON.stringify` writes as it is. */
  rawJSON(text: string): object;
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see SourceTextAccess
const json = JSON as unknown as SourceTextAccess;

/**
 * Throws a `SyntaxError` when it isn't JSON. Numbers that would change are opaque objects: comparing
 * one with a number throws, `numberOf` tells what it is.
 */
export function parseExactJson(text: string): unknown {
  return json.parse(text, (_name, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? json.rawJSON(source)
      : value,
  );
}

/** A number of such JSON, opaque or not, as near as JavaScript can say it. NaN for anything else. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return json.isRawJSON(value) ? Number(value.rawJSON) : Number.NaN;
}
