/** Units of time, the largest first, in seconds. */
export const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** A length of time in its two largest units: `7 hours 40 minutes`. */
export function lifetime(seconds: number): string {
  const [largest, ...others] = unitsOf(Math.max(0, Math.floor(seconds)));
  if (largest === undefined) return '0 seconds';
  // Seconds are noise beside hours.
  const next = others.find(([, size]) => size * 60 >= largest[1]);
  return [largest, next].flatMap((part) => (part ? [part[2]] : [])).join(' ');
}

function unitsOf(seconds: number): [name: string, size: number, text: string][] {
  let left = seconds;
  return UNITS.flatMap(([name, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count === 0 ? [] : [[name, size, `${count} ${name}${count === 1 ? '' : 's'}`]];
  });
}
