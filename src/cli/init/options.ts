import { InvalidArgumentError } from 'commander';

/** `--match claim=value`, once more. */
export function condition(
  text: string,
  earlier: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [, claim, value] = /^([^=]+)=(.+)$/su.exec(text) ?? [];
  if (claim === undefined || value === undefined) {
    throw new InvalidArgumentError('Write claim=value, e.g. sub=me.');
  }
  return { ...earlier, [claim]: value };
}

/** A TCP port. */
export function port(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > 65_535) throw new InvalidArgumentError('Write a port, 1 to 65535.');
  return number;
}
