import { statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Path of Prometheus' own checker, where PATH has it. */
export const promtool: string | undefined = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'promtool'))
  .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
