import { InvalidArgumentError } from 'commander';
import { PRESETS, presetFor } from '../../config/presets/index.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import type { StarterIssuer } from './sts-yaml.ts';

export interface IssuerOptions {
  readonly issuer?: string;
  readonly preset?: string;
  readonly audience?: string;
}

/**
 * The issuer that the options describe. The default, GitHub Actions, needs no setup, and gives nobody access as long as
 * no binding names it.
 *
 * Throws `CliError` (wrong usage) if the configuration would reject the issuer.
 */
export function starterIssuer(options: IssuerOptions, fallbackAudience: string): StarterIssuer {
  if (options.issuer === undefined && options.preset === undefined) {
    if (options.audience !== undefined)
      throw usage('use --audience only with --issuer or --preset');
    return entry({ preset: 'github-actions', audience: fallbackAudience });
  }
  if (options.audience === undefined) {
    throw usage("--audience is missing: pass the aud claim of the issuer's tokens");
  }
  return entry({ ...options, audience: options.audience });
}

function entry({ issuer, preset, audience }: IssuerOptions & { audience: string }): StarterIssuer {
  const found = presetFor(preset);
  if (found === undefined) {
    const known = PRESETS.flatMap(({ id }) => id ?? []).join(', ');
    throw usage(`--preset: ${preset} is not a preset; use one of ${known}`);
  }
  const settings = {
    ...(preset !== undefined && { preset }),
    ...(issuer !== undefined && { issuer }),
    audience,
    // The configuration decides whether this host may use plain HTTP.
    ...(issuer?.startsWith('http://') && { allowInsecureHttp: true }),
  };
  const read = found.schema.safeParse(settings);
  if (!read.success) {
    const faults = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    const hint =
      preset === undefined ? '' : ` (leave out --preset ${preset} and write the issuer by hand)`;
    throw usage(`this issuer is not valid: ${faults.join('; ')}${hint}`);
  }
  return { name: preset === undefined ? 'main' : shortName(preset), settings };
}

/** `github-actions` → `github`: the name to use in bindings. */
function shortName(preset: string): string {
  return preset.split('-')[0] ?? preset;
}

function usage(message: string): CliError {
  return new CliError(ExitCode.usage, message);
}

/** Reads one `--match claim=value` and adds it to the `earlier` ones. */
export function condition(
  text: string,
  earlier: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [, claim, value] = /^([^=]+)=(.+)$/su.exec(text) ?? [];
  if (claim === undefined || value === undefined) {
    throw new InvalidArgumentError('Write claim=value, e.g. sub=me.');
  }
  return { ...earlier, [claim]: value };
}

/** A TCP port. */
export function port(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > 65_535) throw new InvalidArgumentError('Write a port, 1 to 65535.');
  return number;
}
