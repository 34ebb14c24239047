const SECRETS = [
  /^accounts\..+\.signingKeys\[\d+\](?:\.seed)?$/,
  /^issuers\..+\.login\.clientSecret$/,
  /^nats\.operatorSigningKey$/,
  /^sealingKey$/,
  /^listen\.tls\.key$/,
];

/** Whether the value at this dotted path is a secret. */
export function isSecretPath(path: string): boolean {
  return SECRETS.some((secret) => secret.test(path));
}
