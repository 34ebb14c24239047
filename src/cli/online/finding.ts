import type { Clock } from '../../clock.ts';

/** What one probe found. */
export interface Finding {
  /**
   * - ok: as it should be.
   * - note: worth knowing.
   * - warning: works, but not for long, or not for everyone. Fails with --strict.
   * - problem: something will not work.
   */
  readonly level: 'ok' | 'note' | 'warning' | 'problem';
  /** Stable, for programs and documentation. */
  readonly id: string;
  /** Dotted path of the setting in the configuration, e.g. `issuers.dev`. */
  readonly path: string;
  /** What was tried, such as `GET https://…`. */
  readonly tried: string;
  /** What was found, and what the configuration says if they differ. */
  readonly found: string;
  /** What to do about it. Every warning and problem has it. */
  readonly todo?: string;
}

/** Findings about one thing that was tried. */
export function findingsOf(path: string, tried: string) {
  const bad = (level: Finding['level']) => (id: string, found: string, todo: string) => ({
    level,
    id,
    path,
    tried,
    found,
    todo,
  });
  return {
    ok: (id: string, found: string): Finding => ({ level: 'ok', id, path, tried, found }),
    note: (id: string, found: string, todo?: string): Finding => ({
      level: 'note',
      id,
      path,
      tried,
      found,
      ...(todo !== undefined && { todo }),
    }),
    warning: bad('warning') satisfies (...texts: [string, string, string]) => Finding,
    problem: bad('problem') satisfies (...texts: [string, string, string]) => Finding,
  };
}

export interface ProbeOptions {
  /** For each request over the network. */
  readonly timeoutMilliseconds: number;
  readonly clock: Clock;
}
