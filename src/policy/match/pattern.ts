import { RE2JS } from '@bufbuild/re2';

/** Whether the whole of a text fits. */
export type Pattern = (text: string) => boolean;

/** Longest pattern that is read, in characters. */
const MAX_PATTERN_LENGTH = 512;
/** Instructions of the compiled expression: bounds what `{n,m}` may unroll into, and so the cost per character. */
const MAX_PROGRAM_SIZE = 2000;

/**
 * A glob that fits a whole text: `*` is any run of characters, also an empty one and also across `/`;
 * `?` is any one character (Unicode code point). Everything else stands for itself; there is no escape.
 *
 * Time is at most pattern length × text length, without backtracking further than the last `*`.
 */
export function compileGlob(glob: string): Pattern | string {
  if (glob === '') return 'a glob is empty and would match only an empty text';
  if (glob.length > MAX_PATTERN_LENGTH) return `a glob is at most ${MAX_PATTERN_LENGTH} characters`;
  const pattern = Array.from(glob);
  return (text) => fitsGlob(pattern, Array.from(text));
}

function fitsGlob(pattern: readonly string[], text: readonly string[]): boolean {
  let p = 0;
  let t = 0;
  // The last star, and where in the text it was last tried to end.
  let star = -1;
  let starEnd = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p;
      starEnd = t;
      p += 1;
    } else if (pattern[p] === '?' || pattern[p] === text[t]) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      starEnd += 1;
      p = star + 1;
      t = starEnd;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

/**
 * A regular expression (RE2 syntax) that fits a whole text, in time linear to it.
 *
 * It is compiled alone first and wrapped in `^(?:…)$` only then: wrapped as text, `a|b` would also
 * fit `aEVIL`, and `a)|(b` would become something else altogether.
 */
export function compileRegex(regex: string): Pattern | string {
  if (regex === '') return 'a regex is empty and would match only an empty text';
  if (regex.length > MAX_PATTERN_LENGTH)
    return `a regex is at most ${MAX_PATTERN_LENGTH} characters`;
  try {
    const alone = new RE2JS(regex);
    if (alone.re2().prog.numInst() > MAX_PROGRAM_SIZE) {
      return 'a regex is too large once its repetitions are written out; repeat less often';
    }
    const whole = new RE2JS(`^(?:${regex})$`);
    return (text) => whole.testExact(text);
  } catch {
    return 'a regex can\'t be read; it is RE2 syntax (no look-around, no back-references), every "(" closed';
  }
}

/**
 * What is wrong with a pattern for CEL's `matches()`, which looks anywhere in a text: it must say
 * itself that it means the whole one. `^a|b$` does not, it is "begins with a, or ends with b".
 */
export function checkAnchored(regex: string): string | undefined {
  const advice = 'write matches("^(?:…)$"): CEL looks for a pattern anywhere in the text';
  if (!regex.startsWith('^') || !/(?:^|[^\\])(?:\\\\)*\$$/.test(regex)) return advice;
  // `^*` may begin nowhere, and with the flag m every line has a beginning and an end.
  if (/^\^[*+?{]/.test(regex) || /\(\?[a-zA-Z]*m/.test(regex)) return advice;
  if (regex.includes('\\Q'))
    return '\\Q in a pattern is not taken; write a backslash before each character';
  return hasOuterAlternative(regex) ? advice : undefined;
}

function hasOuterAlternative(regex: string): boolean {
  // Escaped characters and classes are out of the way first; what is left shows the nesting.
  const bare = regex.replaceAll(/\\./gs, '').replaceAll(/\[\^?\]?(?:\[:[^\]]*:\]|[^\]])*\]/g, '');
  let depth = 0;
  for (const char of bare) {
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (char === '|' && depth <= 0) return true;
  }
  return false;
}
