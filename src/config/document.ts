import {
  type Document,
  type ErrorCode,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type YAMLError,
} from 'yaml';
import type { Problem } from '../errors.ts';

/** A YAML file read into plain values, and the way back from a path to a line. */
export interface SourceDocument {
  /** Plain values. Anchors can make cycles, which the references stage finds. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Whether the values are worth checking further. */
  readonly usable: boolean;
  /** 1-based line of `bindings[0].match.ref`, or of its nearest existing parent. */
  lineOf(path: string): number | undefined;
}

/** Aliases count with what they expand to, which stops "billion laughs" files. */
const MAX_ALIASES = 100;

/** Reads YAML 1.2 (core schema). Never throws: what is wrong is in `problems`. */
export function readDocument(text: string): SourceDocument {
  const lines = new LineCounter();
  // prettyErrors would quote the file, secrets included.
  const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: true } as const;
  try {
    const document = parseDocument(text, options);
    const faults = [...document.errors, ...document.warnings];
    const usable = faults.every((fault) => fault.code === 'DUPLICATE_KEY');
    return {
      value: usable ? document.toJS({ maxAliasCount: MAX_ALIASES }) : undefined,
      problems: usable
        ? faults.map((fault) => asProblem(fault, lines))
        : [cause(faults, lines, text)],
      usable,
      lineOf: (path) => lineOf(document, lines, path),
    };
  } catch (error) {
    // The parser recurses, so absurd nesting overflows the stack; the expansion refuses alias bombs.
    const message =
      error instanceof RangeError
        ? 'is nested too deeply: use fewer levels'
        : 'has aliases that expand to too many values: write the values out';
    return {
      value: undefined,
      problems: [{ path: '', message }],
      usable: false,
      lineOf: () => undefined,
    };
  }
}

/** The parser's own messages quote the text, which may contain a secret. */
const SENTENCES: Partial<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias (*name) cannot have an anchor or tag: remove it',
  BAD_ALIAS: 'this alias (*name) is not valid: if a value begins with *, put it in quotes',
  BAD_COLLECTION_TYPE: 'this tag does not match the value after it: remove the tag',
  BAD_DIRECTIVE: 'a line that begins with % is a YAML directive: remove it',
  BAD_DQ_ESCAPE: 'unknown \\ escape: use single quotes, or write \\\\',
  BAD_INDENT: 'the indentation does not match the lines around it: align them',
  BAD_PROP_ORDER: 'anchors and tags must come before the value: move them',
  BAD_SCALAR_START: 'a value cannot begin with this character: put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a nested mapping cannot begin here: begin it on a new line',
  BLOCK_IN_FLOW: 'an indented block is not allowed inside { } or [ ]: write it in one style',
  DUPLICATE_KEY: 'this key appears twice: keep one of them',
  IMPOSSIBLE: 'is not valid YAML',
  KEY_OVER_1024_CHARS: 'this key is longer than 1024 characters: shorten it',
  MISSING_CHAR: 'something is missing here: a closing quote or bracket, a comma, or a space',
  MULTILINE_IMPLICIT_KEY: 'a key and its colon must be on one line: join the lines',
  MULTIPLE_ANCHORS: 'this value has more than one anchor: keep one',
  MULTIPLE_DOCS: 'contains several YAML documents: keep one, without a second ---',
  MULTIPLE_TAGS: 'this value has more than one tag: keep one',
  NON_STRING_KEY: 'this key is not plain text: put it in quotes',
  TAB_AS_INDENT: 'is indented with a tab: use spaces',
  TAG_RESOLVE_FAILED:
    'this !tag is unknown: remove it, or put a value that begins with ! in quotes',
  UNEXPECTED_TOKEN: 'this text is unexpected here: check quotes, colons, and indentation',
};

/**
 * What to fix first. The parser continues after a mistake and reports others that follow from it, and it
 * does not always recognize a tab.
 */
function cause(faults: readonly YAMLError[], lines: LineCounter, text: string): Problem {
  const problems = faults
    .filter(({ code }) => code !== 'DUPLICATE_KEY')
    .map((fault) => asProblem(fault, lines));
  const first = problems.reduce((one, other) => (other.line < one.line ? other : one));
  const tabs = text.split('\n').flatMap((line, at) => (TAB.test(line) ? [at + 1] : []));
  const [tab, ...more] = tabs;
  // Quoted text may begin on the line before the one with the tab.
  if (tab === undefined || first.line < tab - 1) return first;
  return { path: '', line: tab, message: `is indented with a tab${asWell(more)}: use spaces` };
}

/** A line with a tab in its indentation, and with more than a comment after it. */
const TAB = /^ *(?:- *)?\t\s*[^\s#]/;

function asWell(lines: readonly number[]): string {
  if (lines.length === 0) return '';
  return lines.length === 1 ? `, as is line ${lines[0]}` : `, as are ${lines.length} more lines`;
}

function asProblem(fault: YAMLError, lines: LineCounter): Problem & { line: number } {
  const message = SENTENCES[fault.code] ?? 'is not valid YAML';
  return { path: '', message, line: Math.max(1, lines.linePos(fault.pos[0]).line) };
}

/** Follows the text of the path through the nodes, because keys may contain dots and brackets. */
function lineOf(document: Document, lines: LineCounter, path: string): number | undefined {
  let node: unknown = document.contents;
  let rest = path;
  let offset: number | undefined;
  while (rest !== '') {
    const found = isMap(node)
      ? nextInMap(node.items, rest)
      : isSeq(node)
        ? nextInList(node.items, rest)
        : undefined;
    if (found === undefined) break;
    offset = found.offset ?? offset;
    node = found.node;
    rest = rest.slice(found.length);
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

interface Step {
  readonly node: unknown;
  readonly offset: number | undefined;
  /** How many characters of the path this step used. */
  readonly length: number;
}

function nextInMap(pairs: readonly Pair[], rest: string): Step | undefined {
  const dot = rest.startsWith('.') ? 1 : 0;
  let best: Step | undefined;
  for (const { key, value } of pairs) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    const end = rest.charAt(dot + name.length);
    const fits = rest.startsWith(name, dot) && (end === '' || end === '.' || end === '[');
    if (fits && dot + name.length > (best?.length ?? 0)) {
      best = { node: value, offset: key.range?.[0], length: dot + name.length };
    }
  }
  return best;
}

function nextInList(items: readonly unknown[], rest: string): Step | undefined {
  const index = /^\[(\d+)\]/.exec(rest);
  if (!index) return undefined;
  const item = items[Number(index[1])];
  const offset = isNode(item) ? item.range?.[0] : undefined;
  return { node: item, offset, length: index[0].length };
}
