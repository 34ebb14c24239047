/** Words of other tools for our keys, too different in spelling to be guessed. */
const SYNONYMS = new Map([
  ['pub', 'publish'],
  ['sub', 'subscribe'],
  ['ttl', 'maxTtl'],
  ['claims', 'match'],
  ['conditions', 'match'],
  ['condition', 'when'],
  ['if', 'when'],
  ['expression', 'when'],
  ['aud', 'audience'],
  ['iss', 'issuer'],
]);

/** The known word that was probably meant, if one is close enough. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const synonym = SYNONYMS.get(word.toLowerCase());
  for (const candidate of known) if (candidate === synonym) return candidate;
  const short = word.slice(0, 64).toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(short.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(short, candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** ` (did you mean "audience"?)`, or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const candidate = nearest(word, known);
  return candidate === undefined ? '' : ` (did you mean "${candidate}"?)`;
}

/**
 * The number of insertions, deletions, replacements, and swaps of neighbors between two words (optimal
 * string alignment).
 */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const replaced = at(row, j) + (from[i] === to[j] ? 0 : 1);
      const isSwap = j > 0 && from[i] === to[j - 1] && from[i - 1] === to[j];
      const swapped = isSwap ? at(before, j - 1) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(replaced, swapped, at(row, j + 1) + 1, at(next, j) + 1));
    }
    before = row;
    row = next;
  }
  return at(row, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
