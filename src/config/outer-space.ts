import type { Findings } from './findings.ts';

/** Values that another party chose, where a space at an end may belong to it: client secrets, and claims in `match`. */
const MAY_HAVE_SPACES = /^issuers\..+\.login\.clientSecret$|^(?:bindings|admin)\[\d+\]\.match\./;

/**
 * The text of a file or variable as it was meant: they end with line breaks, and no setting begins or ends with a
 * space. Where one could, only line breaks go, and a space is warned of.
 */
export function withoutOuterSpace(
  text: string,
  path: string,
  source: string,
  findings: Findings,
): string {
  if (!MAY_HAVE_SPACES.test(path)) return text.trim();
  const kept = text.replace(/^[\r\n]+|[\r\n]+$/g, '');
  warnOfOuterSpace(kept, path, source, findings);
  return kept;
}

/** A text of the configuration itself is taken as it is written. Expressions and texts of several lines may end as they like. */
export function warnOfOuterSpace(
  text: string,
  path: string,
  source: string,
  { warn }: Findings,
): void {
  const trimmed = text.trim();
  if (text === trimmed || trimmed.includes('\n') || path.endsWith('.when')) return;
  warn(
    'outer-space',
    path,
    `${source} begins or ends with white space, which counts as part of the value: remove it unless it is`,
  );
}
