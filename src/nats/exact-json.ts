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
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see SourceTextAccess
const json = JSON as unknown as SourceTextAccess;

/** Throws a `SyntaxError` when it isn't JSON. Numbers that would change are opaque objects. */
export function parseExactJson(text: string): unknown {
  return json.parse(text, (_name, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? json.rawJSON(source)
      : value,
  );
}
