const MAX_CHARACTERS = 300;

/**
 * A stranger's text as one short line: without control characters, and without those that turn the
 * direction of what follows. It is still theirs: escape it, and say whose words they are.
 */
export function issuerSaid(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  if (line.length <= MAX_CHARACTERS) return line === '' ? undefined : line.toWellFormed();
  return `${line.slice(0, MAX_CHARACTERS - 1).toWellFormed()}…`;
}

/** An error code of the issuer, for the log: what is not of the form of one is not repeated. */
export function errorCode(text: string): string {
  return /^[a-z][a-z0-9_.-]{0,59}$/.test(text) ? text : 'an error of its own';
}
