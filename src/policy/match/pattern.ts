import { RE2JS } from '@bufbuild/re2';

/** Whether a whole text matches. */
export type Pattern = (text: string) => boolean;

/** Maximum length of a pattern, in characters. */
const MAX_PATTERN_LENGTH = 512;
/** Maximum number of compiled instructions. Limits how far `{n,m}` expands, and so the cost per character. */
const MAX_PROGRAM_SIZE = 2000;

/**
 * A glob that matches a whole text: `*` is any number of characters, including none and including `/`;
 * `?` is any one character (Unicode code point). Everything else is literal; there is no escape.
 *
 * Time is at most pattern length × text length: it backtracks no further than the last `*`.
 */
export function compileGlob(glob: string): Pattern | string {
  if (glob === '') return 'is empty, and would match only empty text: write a pattern';
  if (glob.length > MAX_PATTERN_LENGTH)
    return `is longer than ${MAX_PATTERN_LENGTH} characters: shorten the pattern`;
  const pattern = Array.from(glob);
  return (text) => fitsGlob(pattern, Array.from(text));
}

function fitsGlob(pattern: readonly string[], text: readonly string[]): boolean {
  let p = 0;
  let t = 0;
  // The last star, and the last position in the text where its match ended.
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
 * A regular expression (RE2 syntax) that matches a whole text, in time linear to its length.
 *
 * It is compiled alone first, and only then wrapped in `^(?:…)$`. Otherwise `a)|(b` could escape the group,
 * and match `aEVIL`.
 */
export function compileRegex(regex: string): Pattern | string {
  if (regex === '') return 'is empty, and would match only empty text: write a pattern';
  if (regex.length > MAX_PATTERN_LENGTH)
    return `is longer than ${MAX_PATTERN_LENGTH} characters: shorten the pattern`;
  try {
    const alone = new RE2JS(regex);
    if (alone.re2().prog.numInst() > MAX_PROGRAM_SIZE) {
      return 'is too large when its repetitions are expanded: reduce them';
    }
    const whole = new RE2JS(`^(?:${regex})$`);
    return (text) => whole.testExact(text);
  } catch {
    return 'is not a valid regex: use RE2 syntax (no look-around, no back-references), and close every "("';
  }
}

/**
 * What is wrong with a pattern for CEL's `matches()`, which searches anywhere in a text: the pattern itself
 * must be anchored. `^a|b$` is not: it means "begins with a, or ends with b".
 */
export function checkAnchored(regex: string): string | undefined {
  const advice = 'matches() finds its pattern anywhere in the text: write matches("^(?:…)$")';
  if (!regex.startsWith('^') || !/(?:^|[^\\])(?:\\\\)*\$$/.test(regex)) return advice;
  // `^*` does not anchor, and with the flag m every line has a beginning and an end.
  if (/^\^[*+?{]/.test(regex) || /\(\?[a-zA-Z]*m/.test(regex)) return advice;
  if (regex.includes('\\Q'))
    return '\\Q is not supported in a pattern: write a backslash before each character';
  return hasOuterAlternative(regex) ? advice : undefined;
}

function hasOuterAlternative(regex: string): boolean {
  // Remove escaped characters and classes first: the rest shows the nesting.
  const bare = regex.replaceAll(/\\./gs, '').replaceAll(/\[\^?\]?(?:\[:[^\]]*:\]|[^\]])*\]/g, '');
  let depth = 0;
  for (const char of bare) {
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (char === '|' && depth <= 0) return true;
  }
  return false;
}
