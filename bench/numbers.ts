/** The value that so much of all values (0 to 1) are not above: nearest rank. NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** For people; a question mark when there is nothing. */
export function round(value: number | undefined, digits = 0): string {
  return value === undefined || Number.isNaN(value) ? '?' : value.toFixed(digits);
}
