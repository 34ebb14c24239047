/** Operators of other languages, and what to write in CEL. */
const CEL_FOR: Readonly<Record<string, string>> = {
  '=': 'write "==" to compare',
  '===': 'write "=="',
  '!==': 'write "!="',
  '<>': 'write "!="',
  and: 'write "&&"',
  or: 'write "||"',
  not: 'write "!"',
};

/** An operator of another language outside of quotes: `=`, `===`, `and`, … */
const FOREIGN = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[!=<>]+|[\w.]+/gs;

/** What is wrong with a text that the CEL parser rejects, where, and what to write. */
export function notCel(text: string, error: unknown): string {
  for (const { 0: token, index } of text.matchAll(FOREIGN)) {
    const word = token.toLowerCase();
    if (!Object.hasOwn(CEL_FOR, word)) continue;
    return `is not valid CEL at ${positionOf(text, index)}, "${token}": ${CEL_FOR[word]}`;
  }
  const offset = offsetOf(error);
  const where =
    offset === undefined
      ? ''
      : ` at ${offset < text.length ? positionOf(text, offset) : 'its end'}`;
  return `is not valid CEL${where}: check quotes, brackets, and operators, as in claims.team == "orders"`;
}

function positionOf(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  const column = `character ${(lines.at(-1)?.length ?? 0) + 1}`;
  return lines.length === 1 ? column : `line ${lines.length}, ${column}`;
}

/** Where the parser stopped. */
function offsetOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('location' in error)) return undefined;
  const { location } = error as { location?: { start?: { offset?: unknown } } };
  const offset = location?.start?.offset;
  return typeof offset === 'number' ? offset : undefined;
}
