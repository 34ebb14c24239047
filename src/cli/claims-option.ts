import type { Config } from '../config/config.ts';
import { didYouMean } from '../suggest.ts';
import type { Refusal } from '../errors.ts';
import { claimedIdentity, claimedRejections } from '../identity/claimed.ts';
import type { Claims, Identity } from '../identity/identity.ts';
import { parsePayload } from '../identity/payload.ts';
import { JSON_PROBLEMS } from '../identity/token.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { readInput } from './input.ts';

/** What a file of claims would be taken for, and why a real token with them would be rejected. */
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
      ? `the claims' "iss" is not that of a configured issuer; name one with --issuer (${names.join(', ')})`
      : `there is no issuer "${issuer}" in the configuration${didYouMean(issuer, names)}; there are ${names.join(', ')}`,
  );
}

/** Read as a token's payload is. The file's text may hold more than should be shown. */
async function readClaims(file: string): Promise<Claims> {
  const claims = parsePayload(await readInput(file));
  if (typeof claims !== 'string') return claims;
  throw new CliError(
    ExitCode.usage,
    `${file === '-' ? 'stdin' : file} is not a JSON object of claims (the payload of a token): ${JSON_PROBLEMS[claims]}`,
  );
}
