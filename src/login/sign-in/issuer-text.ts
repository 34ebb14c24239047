const MAX_CHARACTERS = 300;

/**
 * Untrusted text as one short line, without control characters and without those that change the text
 * direction. It stays untrusted: escape it, and mark it as a quotation.
 */
export function issuerSaid(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  if (line.length <= MAX_CHARACTERS) return line === '' ? undefined : line.toWellFormed();
  return `${line.slice(0, MAX_CHARACTERS - 1).toWellFormed()}…`;
}

/** An error code of the issuer for the log; text in any other form is not repeated. */
export function errorCode(text: string): string {
  return /^[a-z][a-z0-9_.-]{0,59}$/.test(text) ? text : 'a nonstandard error';
}
