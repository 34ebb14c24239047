import { decodeJwt } from './jwt.ts';
import { Malformed } from './malformed.ts';
import { isPublicKey } from './nkeys.ts';

/** What an operator JWT says about the keys to trust. */
export interface TrustedOperator {
  /** The JWT itself, without decoration. */
  readonly jwt: string;
  readonly name: string | undefined;
  /** Identity key, `O…`. */
  readonly publicKey: string;
  /** `O…`; empty: the identity key signs. */
  readonly signingKeys: readonly string[];
  /** Public key of the system account, `A…`. */
  readonly systemAccount: string | undefined;
  /** URLs that the operator names for clients. */
  readonly serviceUrls: readonly string[];
  /** Accounts may be signed by signing keys only, never by the identity key. */
  readonly signingKeysOnly: boolean;
}

/** `nsc` writes the JWT bare, or between two lines of dashes. */
const DECORATED =
  /^-{3,}BEGIN NATS OPERATOR JWT-{3,}\s+([\w.-]+)\s+-{3,}END NATS OPERATOR JWT-{3,}$/;

/** Reads an operator JWT, bare or decorated. It must be signed by the operator itself. */
export function parseOperatorJwt(text: string): TrustedOperator | Malformed {
  const bare = text.trim();
  const jwt = DECORATED.exec(bare)?.[1] ?? bare;
  const claims = decodeJwt(jwt);
  if (claims instanceof Malformed) return claims;
  const { sub, iss, name, nats } = claims;
  if (nats.type !== 'operator') return new Malformed(`it is the JWT of ${describe(nats.type)}`);
  if (!isPublicKey('operator', sub)) return new Malformed('its subject is not an operator key');
  if (iss !== sub) return new Malformed('it is not signed by the operator itself');
  const system = nats['system_account'];
  return {
    jwt,
    name,
    publicKey: sub,
    signingKeys: keysIn(nats['signing_keys']),
    systemAccount: typeof system === 'string' && system !== '' ? system : undefined,
    serviceUrls: textsIn(nats['operator_service_urls']),
    signingKeysOnly: nats['strict_signing_key_usage'] === true,
  };
}

/** Whether account JWTs of this issuer are the operator's. */
export function mayIssueAccounts(operator: TrustedOperator, issuer: string): boolean {
  if (operator.signingKeys.includes(issuer)) return true;
  return issuer === operator.publicKey && !operator.signingKeysOnly;
}

function keysIn(keys: unknown): readonly string[] {
  return textsIn(keys).filter((key) => isPublicKey('operator', key));
}

function textsIn(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.filter((text) => typeof text === 'string');
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ['account', 'an account'],
  ['user', 'a user'],
  ['activation', 'an activation'],
]);

/** A stranger's word goes into a message only where it is one of ours. */
function describe(type: string): string {
  return KINDS.get(type) ?? 'a different kind';
}
