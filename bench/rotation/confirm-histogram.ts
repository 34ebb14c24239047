/** What the service's own histogram says of the time from push to confirmation. */
export interface ConfirmHistogram {
  readonly count: number;
  readonly meanMilliseconds: number;
  /** Upper bound of the bucket that 99 % of all are in or below. */
  readonly p99BoundMilliseconds: number;
}

const NAME = 'nats_sts_key_confirm_duration_seconds';

export async function confirmHistogram(stsUrl: string): Promise<ConfirmHistogram> {
  const text = await (await fetch(`${stsUrl}/metrics`)).text();
  const value = (name: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    );
  const count = value(`${NAME}_count`);
  const buckets = [...text.matchAll(new RegExp(`^${NAME}_bucket\\{le="([^"]+)"\\} (\\d+)$`, 'gm'))];
  const bound = buckets.find(([, , below]) => Number(below) >= count * 0.99)?.[1];
  return {
    count,
    meanMilliseconds: (value(`${NAME}_sum`) / count) * 1000,
    p99BoundMilliseconds: Number(bound) * 1000,
  };
}
