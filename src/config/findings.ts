import type { Problem } from '../errors.ts';

/** Something that is allowed but probably a mistake. */
export interface Warning extends Problem {
  /** Stable name of the pitfall, e.g. `github-names-only`; renaming one is a breaking change. */
  readonly id: string;
  /** A note is worth knowing and often fine; a warning is probably a mistake. */
  readonly level: 'warning' | 'note';
}

/** Collects what every stage of loading finds, so that all of it is reported at once. */
export interface Findings {
  readonly problems: Problem[];
  readonly warnings: Warning[];
  readonly problem: (path: string, message: string) => void;
  readonly warn: (id: string, path: string, message: string) => void;
  readonly note: (id: string, path: string, message: string) => void;
}

export function createFindings(): Findings {
  const problems: Problem[] = [];
  const warnings: Warning[] = [];
  return {
    problems,
    warnings,
    problem: (path, message) => void problems.push({ path, message }),
    warn: (id, path, message) => void warnings.push({ id, level: 'warning', path, message }),
    note: (id, path, message) => void warnings.push({ id, level: 'note', path, message }),
  };
}
