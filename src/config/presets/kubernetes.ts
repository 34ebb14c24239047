import { DAY, issuerUrl } from './options.ts';
import { definePreset } from './preset.ts';

export const kubernetes = definePreset({
  id: 'kubernetes',
  title: 'Kubernetes service accounts',
  options: {
    issuer: issuerUrl(
      "The cluster's issuer: `kubectl get --raw /.well-known/openid-configuration`, its `issuer`.",
    ),
  },
  facts: ({ issuer }) => ({
    issuers: [issuer],
    algorithms: ['RS256', 'ES256', 'ES384', 'ES512', 'PS256'],
    kinds: ['jwt'],
    // The token that every pod gets for the API server may be good for a year: never take that one.
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
      'A pod mounts a projected token of its own audience: `serviceAccountToken: { audience: nats-sts, expirationSeconds: 3600, path: token }`, and reads the file again whenever it needs one.',
    claims:
      '`sub` is `system:serviceaccount:NAMESPACE:NAME`. More stands below a claim with a dot in its name; a JSON Pointer reaches it: `/kubernetes.io/namespace`, `/kubernetes.io/serviceaccount/name`, `/kubernetes.io/serviceaccount/uid`, `/kubernetes.io/node/name`.',
    pitfalls: [
      'The issuer must be unique to the cluster. `https://kubernetes.default.svc…` is what every cluster without an own issuer says; then tokens can be told apart by their keys only, and two such clusters can not both be configured.',
      'Where the issuer can not be reached from nats-sts, give the keys: `kubectl get --raw /openid/v1/jwks > jwks.json` and `jwks: { file: ./jwks.json }`. Do so again when the cluster changes its keys.',
      "The pod's default token (audience: the API server) may live for a year. Use an audience of your own; tokens made for more than 24 hours are refused.",
      'Tokens without `exp` and `aud` from old `Secret` objects are refused.',
      'A token is sent again and again until the kubelet renews it: leave `singleUse` off.',
      'Whoever may create pods in a namespace may act as any service account of it.',
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
