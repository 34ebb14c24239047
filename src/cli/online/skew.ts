/** The time of another clock, within its precision. Milliseconds since the Unix epoch. */
interface Told {
  readonly earliest: number;
  readonly latest: number;
}

/**
 * How far the other clock is ahead of ours at least, in milliseconds; negative if it is behind; 0 if its
 * time fits between request and response.
 */
export function skewBetween(
  { earliest, latest }: Told,
  ours: { readonly begun: number; readonly ended: number },
): number {
  if (earliest > ours.ended) return earliest - ours.ended;
  if (latest < ours.begun) return latest - ours.begun;
  return 0;
}

export function skewText(milliseconds: number): string {
  const seconds = Math.abs(milliseconds) / 1000;
  const shown = seconds < 10 ? seconds.toFixed(1) : `${Math.round(seconds)}`;
  return `${shown} s ${milliseconds > 0 ? 'ahead of' : 'behind'} this machine`;
}
