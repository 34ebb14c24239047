import type { Findings } from './findings.ts';

/** Values that another party chose, which may begin or end with a space: client secrets, and claims in `match`. */
const MAY_HAVE_SPACES = /^issuers\..+\.login\.clientSecret$|^(?:bindings|admin)\[\d+\]\.match\./;

/**
 * The text of a file or variable without whitespace at its ends, such as a final line break. Where a value may begin
 * or end with a space, only line breaks are removed, and a space causes a warning.
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

/** Text in the configuration file is used as written. Expressions and multi-line texts are not checked. */
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
    `${source} begins or ends with whitespace, which is part of the value: remove it if that is a mistake`,
  );
}
