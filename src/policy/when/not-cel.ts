/** Words and signs of other languages, and what CEL has for them. */
const CEL_FOR: Readonly<Record<string, string>> = {
  '=': '"==" compares; a single "=" means nothing',
  '===': 'write "=="',
  '!==': 'write "!="',
  '<>': 'write "!="',
  and: 'write "&&"',
  or: 'write "||"',
  not: 'write "!"',
};

/** A sign or word of another language, outside of quotes: `=` alone, `===`, `and`, … */
const FOREIGN = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[!=<>]+|[\w.]+/gs;

/** What is wrong with a text that the CEL parser refuses, where, and what to write. */
export function notCel(text: string, error: unknown): string {
  for (const { 0: token, index } of text.matchAll(FOREIGN)) {
    const word = token.toLowerCase();
    if (!Object.hasOwn(CEL_FOR, word)) continue;
    return `the expression is not CEL at ${place(text, index)}, "${token}": ${CEL_FOR[word]}`;
  }
  const offset = offsetOf(error);
  const where =
    offset === undefined ? '' : ` at ${offset < text.length ? place(text, offset) : 'its end'}`;
  return `the expression is not CEL${where}; check quotes, brackets and operators there, as in claims.team == "orders"`;
}

function place(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  const column = `character ${(lines.at(-1)?.length ?? 0) + 1}`;
  return lines.length === 1 ? column : `line ${lines.length}, ${column}`;
}

/** The parser's errors say where it stopped. */
function offsetOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('location' in error)) return undefined;
  const { location } = error as { location?: { start?: { offset?: unknown } } };
  const offset = location?.start?.offset;
  return typeof offset === 'number' ? offset : undefined;
}
