import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { CliError, ExitCode } from './exit-codes.ts';

/** The text of a file that the command line names; `-` is stdin. */
export async function readInput(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new CliError(ExitCode.usage, `cannot read ${file}: ${why(cause)}`, { cause });
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'you have no permission to read it',
  EISDIR: 'it is a directory',
};

function why(cause: unknown): string {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return WHY[code] ?? message;
}
