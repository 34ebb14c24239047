import type { Clock } from '../../clock.ts';

export interface ProbeOptions {
  /** For each thing that is asked over the network. */
  readonly timeoutMilliseconds: number;
  readonly clock: Clock;
}
