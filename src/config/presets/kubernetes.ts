import { DAY, issuerUrl } from './options.ts';
import { definePreset } from './preset.ts';

export const kubernetes = definePreset({
  id: 'kubernetes',
  title: 'Kubernetes service accounts',
  options: {
    issuer: issuerUrl(
      'Issuer of the cluster: `issuer` in `kubectl get --raw /.well-known/openid-configuration`.',
    ),
  },
  facts: ({ issuer }) => ({
    issuers: [issuer],
    algorithms: ['RS256', 'ES256', 'ES384', 'ES512', 'PS256'],
    kinds: ['jwt'],
    // The default token of every pod, for the API server, may be valid for a year: never accept it.
    maxTokenLifetimeSeconds: DAY,
  }),
  claims: {
    text: [
      '/kubernetes.io/namespace',
      '/kubernetes.io/node/name',
      '/kubernetes.io/node/uid',
      '/kubernetes.io/pod/name',
      '/kubernetes.io/pod/uid',
      '/kubernetes.io/serviceaccount/name',
      '/kubernetes.io/serviceaccount/uid',
    ],
    number: ['/kubernetes.io/warnafter'],
  },
  doc: {
    about:
      'A pod mounts a projected token with your audience: `serviceAccountToken: { audience: nats-sts, expirationSeconds: 3600, path: token }`, and reads the file again whenever it needs one.',
    claims:
      '`sub` is `system:serviceaccount:NAMESPACE:NAME`. More claims are inside a claim with a dot in its name; use a JSON Pointer: `/kubernetes.io/namespace`, `/kubernetes.io/serviceaccount/name`, `/kubernetes.io/serviceaccount/uid`, `/kubernetes.io/node/name`.',
    pitfalls: [
      'The issuer must be unique to the cluster. Every cluster without its own issuer uses `https://kubernetes.default.svc…`; only keys then distinguish their tokens, and you cannot configure two such clusters.',
      'If nats-sts cannot reach the issuer, give the keys: `kubectl get --raw /openid/v1/jwks > jwks.json` and `jwks: { file: ./jwks.json }`. Repeat this when the cluster changes its keys.',
      "The pod's default token (audience: the API server) may live for a year. Use your own audience; nats-sts rejects tokens with a lifetime of more than 24 hours.",
      'nats-sts rejects tokens without `exp` and `aud` from old `Secret` objects.',
      'Pods send the same token until the kubelet renews it: do not set `singleUse`.',
      'Anyone who may create pods in a namespace may act as any service account in it.',
    ],
    example: `issuers:
  cluster:
    preset: kubernetes
    issuer: https://oidc.eks.us-east-2.amazonaws.com/id/2F331C82755EF3E43731C8D6E299FAEF
    audience: nats-sts
bindings:
  - name: the orders service
    issuer: cluster
    match: { sub: "system:serviceaccount:orders:orders" }
    roles: [orders-publisher]`,
  },
});
