const SECRETS = [
  /^accounts\..+\.signingKeys\[\d+\](?:\.seed)?$/,
  /^issuers\..+\.login\.(?:clientSecret|privateKey)$/,
  /^nats\.operatorSigningKey$/,
  /^sealingKey(?:\[\d+\])?$/,
  /^listen\.tls\.key$/,
  /^(?:nats\.system|store\.jetstream)\.creds$/,
];

/** Whether the value at this dotted path is a secret. */
export function isSecretPath(path: string): boolean {
  return SECRETS.some((secret) => secret.test(path));
}
