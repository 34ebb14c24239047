/** The NATS part of an operator JWT, as other tools write it (reference library jwt v2, `operator_claims.go`). */
export interface OperatorBody {
  readonly type: 'operator';
  readonly version: 2;
  /** Public operator nkeys that may sign account JWTs too. */
  readonly signing_keys?: readonly string[];
  /** Public key of the system account. */
  readonly system_account?: string;
  /** Accounts may then be signed by signing keys only, never by the operator's identity key. */
  readonly strict_signing_key_usage?: boolean;
  readonly account_server_url?: string;
  readonly operator_service_urls?: readonly string[];
  readonly tags?: readonly string[];
}

export function operator(body: Omit<OperatorBody, 'type' | 'version'> = {}): OperatorBody {
  return { ...body, type: 'operator', version: 2 };
}
