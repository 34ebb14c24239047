import {
  adminAbsent,
  managedElsewhere,
  rotationKeysPileUp,
  rotationVeryFrequent,
  scopedUnverified,
  signingWithoutEffect,
} from './accounts.ts';
import {
  adminSingleUse,
  loginTitleTwice,
  natsServersLoopback,
  noBindings,
  operatorKeyBesideListener,
  operatorUnpinned,
  proxiesEveryone,
  publicUrlPlainHttp,
} from './service.ts';
import { claimType } from './claim-types.ts';
import type { Policy } from '../../policy/compile.ts';
import type { Findings } from '../findings.ts';
import type { Settings } from '../settings.ts';
import {
  claimLongName,
  claimNameWithDots,
  cognitoCustomAttribute,
  emailBinding,
  entraAudience,
  keycloakAnyClient,
  literalStar,
  mutableClaim,
  oktaLoginName,
  regexBareDot,
  spiffeTrustDomain,
} from './claims.ts';
import { jwksKeyForOthers, jwksKeyLeftOut, jwksTooManyKeys, jwksUnusable } from './key-sets.ts';
import {
  allowEverything,
  allowJetStreamApi,
  allowSystem,
  dataLimit,
  longTtl,
  roleUnused,
  sharedInbox,
} from './roles.ts';
import { bindingShadowed } from './shadowed.ts';
import {
  githubNamesOnly,
  githubPullRequests,
  gitlabForkMergeRequests,
  kubernetesIssuerNotUnique,
  kubernetesSingleUse,
  sharedIssuerOpen,
} from './shared-issuers.ts';
import { scopedUpperCase } from './upper-case.ts';
import type { Pitfall } from './pitfall.ts';

/** Every pitfall, by its stable ID. */
const PITFALLS: Readonly<Record<string, Pitfall>> = {
  'shared-issuer-open': sharedIssuerOpen,
  'github-names-only': githubNamesOnly,
  'github-pull-requests': githubPullRequests,
  'gitlab-fork-merge-requests': gitlabForkMergeRequests,
  'kubernetes-issuer-not-unique': kubernetesIssuerNotUnique,
  'kubernetes-single-use': kubernetesSingleUse,
  'entra-audience': entraAudience,
  'keycloak-any-client': keycloakAnyClient,
  'okta-login-name': oktaLoginName,
  'cognito-custom-attribute': cognitoCustomAttribute,
  'spiffe-trust-domain': spiffeTrustDomain,
  'email-binding': emailBinding,
  'mutable-claim': mutableClaim,
  'claim-name-with-dots': claimNameWithDots,
  'regex-bare-dot': regexBareDot,
  'literal-star': literalStar,
  'claim-long-name': claimLongName,
  'claim-type': claimType,
  'binding-shadowed': bindingShadowed,
  'no-bindings': noBindings,
  'role-unused': roleUnused,
  'allow-everything': allowEverything,
  'allow-system': allowSystem,
  'allow-jetstream-api': allowJetStreamApi,
  'long-ttl': longTtl,
  'data-limit': dataLimit,
  'scoped-unverified': scopedUnverified,
  'scoped-upper-case': scopedUpperCase,
  'rotation-keys-pile-up': rotationKeysPileUp,
  'signing-without-effect': signingWithoutEffect,
  'operator-unpinned': operatorUnpinned,
  'admin-single-use': adminSingleUse,
  'jwks-unusable': jwksUnusable,
  'jwks-key-left-out': jwksKeyLeftOut,
  'jwks-too-many-keys': jwksTooManyKeys,
  'login-title-twice': loginTitleTwice,
  'nats-servers-loopback': natsServersLoopback,
  'proxies-everyone': proxiesEveryone,
  'public-url-plain-http': publicUrlPlainHttp,
};

/** Often intended, but worth mentioning. */
const NOTES: Readonly<Record<string, Pitfall>> = {
  'shared-inbox': sharedInbox,
  'rotation-very-frequent': rotationVeryFrequent,
  'managed-elsewhere': managedElsewhere,
  'jwks-key-for-others': jwksKeyForOthers,
  'admin-absent': adminAbsent,
  'operator-key-beside-listener': operatorKeyBesideListener,
};

/** Looks for every pitfall. */
export function findPitfalls(settings: Settings, policy: Policy, { warn, note }: Findings): void {
  for (const [id, look] of Object.entries(PITFALLS)) {
    for (const { path, message } of look(settings, policy)) warn(id, path, message);
  }
  for (const [id, look] of Object.entries(NOTES)) {
    for (const { path, message } of look(settings, policy)) note(id, path, message);
  }
}
