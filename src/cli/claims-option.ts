import type { Config } from '../config/config.ts';
import { didYouMean } from '../suggest.ts';
import type { Refusal } from '../errors.ts';
import { claimedIdentity, claimedRejections } from '../identity/claimed-identity.ts';
import type { Claims, Identity } from '../identity/identity.ts';
import { parsePayload } from '../identity/payload.ts';
import { JSON_PROBLEMS } from '../identity/token.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { readInput } from './input.ts';

/** The identity in a file of claims, and why a real token with these claims would be rejected. */
export interface Claimed {
  readonly identity: Identity | Refusal;
  readonly rejections: readonly Refusal[];
}

export async function readClaimed(
  { issuers }: Config,
  file: string,
  issuer: string | undefined,
): Promise<Claimed> {
  const claims = await readClaims(file);
  const spec = issuers.find(({ name, issuers }) =>
    issuer === undefined ? issuers.some((iss) => iss === claims['iss']) : name === issuer,
  );
  if (spec) {
    return {
      identity: claimedIdentity(spec, claims),
      rejections: claimedRejections(spec, claims),
    };
  }
  const names = issuers.map(({ name }) => name);
  throw new CliError(
    ExitCode.usage,
    issuer === undefined
      ? `${'iss' in claims ? 'the "iss" of the claims is not a configured issuer' : 'the claims have no "iss"'}; name an issuer with --issuer: ${names.join(', ')}`
      : `the configuration has no issuer "${issuer}"${didYouMean(issuer, names)}; it has ${names.join(', ')}`,
  );
}

/** Parsed like the payload of a token. Errors do not quote the file: it may contain secrets. */
async function readClaims(file: string): Promise<Claims> {
  const claims = parsePayload(await readInput(file));
  if (typeof claims !== 'string') return claims;
  throw new CliError(
    ExitCode.usage,
    `${file === '-' ? 'stdin' : file} is not a JSON object of claims (the payload of a token): ${JSON_PROBLEMS[claims]}`,
  );
}
