import type { PeopleDoors } from '../people.ts';
import type { PartStatus } from '../service-routes.ts';
import type { Answers } from './live/shared-answers.ts';
import type { ConsoleSource } from './deps.ts';

/** What the console is given. */
export interface ConsoleDoors extends PeopleDoors {
  readonly console: ConsoleSource;
  /** As `/readyz` tells it. */
  readonly status?: () => Readonly<Record<string, PartStatus>>;
}

/** What its pages are given. */
export interface ConsoleParts extends ConsoleDoors {
  readonly answers: Answers;
}
