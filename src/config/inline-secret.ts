import type { Place } from './place.ts';

/** `secret-inline`: the secret at `valueAt` stands in the file itself; the warning stands at `path`. */
export function warnInline(
  valueAt: string,
  { origins, findings }: Pick<Place, 'origins' | 'findings'>,
  path: string = valueAt,
): void {
  if (origins.has(valueAt)) return;
  findings.warn(
    'secret-inline',
    path,
    'holds a secret in the configuration file itself: write {file: path} or {env: NAME}',
  );
}
