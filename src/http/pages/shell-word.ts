/** A word for a POSIX shell: as it is where that is safe, in single quotes otherwise (POSIX.1-2024, Shell Command Language §2.2.2). */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_~./:,@%+=-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
