import { type BindingView, narrows, perBinding, perIssuer, valuesOf } from './pitfall.ts';

/** Claims that restrict tokens of a public issuer to one organization. */
const TIES: Readonly<
  Record<string, { readonly claims: readonly string[]; readonly advice: string }>
> = {
  'https://token.actions.githubusercontent.com': {
    claims: [
      'repository_owner_id',
      'repository_id',
      'enterprise_id',
      'repository_owner',
      'repository',
      'enterprise',
      'sub',
    ],
    advice: 'the issuer signs for every repository on GitHub: add repository_owner_id: "…"',
  },
  'https://gitlab.com': {
    claims: [
      'project_id',
      'namespace_id',
      'job_project_id',
      'job_namespace_id',
      'project_path',
      'namespace_path',
      'job_project_path',
      'job_namespace_path',
      'sub',
    ],
    advice:
      'the issuer signs for every project on gitlab.com: add project_id: "…" and job_project_id: "…"',
  },
  'https://agent.buildkite.com': {
    claims: ['organization_id', 'organization_slug', 'sub'],
    advice: 'the issuer signs for every Buildkite organization: add organization_id: …',
  },
  'https://accounts.google.com': {
    claims: ['sub', 'email', 'hd'],
    advice: 'any Google account can get a token for your audience: add sub: "…", or email or hd',
  },
};

/** `shared-issuer-open` */
export const sharedIssuerOpen = perBinding((binding) => {
  const tie = TIES[binding.source.spec.issuers[0] ?? ''];
  return tie && !narrows(binding, tie.claims) ? tie.advice : undefined;
});

const GITHUB_NAMES = [
  'repository',
  'repository_owner',
  'sub',
  'workflow_ref',
  'job_workflow_ref',
  'enterprise',
];
const GITHUB_IDS = ['repository_owner_id', 'repository_id', 'enterprise_id'];
/** The `sub` that GitHub gives repositories created or moved since July 2026 contains the IDs. */
const IMMUTABLE_SUB = /^repo:[^/@]+@\d+\/[^:@]+@\d+:/;

/** `github-names-only` */
export const githubNamesOnly = perBinding((binding) => {
  if (binding.provider !== 'github-actions') return undefined;
  if (!narrows(binding, GITHUB_NAMES) || narrows(binding, GITHUB_IDS)) return undefined;
  if (hasImmutableSub(binding)) return undefined;
  return 'someone else can take over an abandoned name on GitHub: add repository_id: "…" or repository_owner_id: "…"';
});

function hasImmutableSub({ match }: BindingView): boolean {
  const { sub } = match;
  const values = Array.isArray(sub) ? sub : [sub];
  return values.every((value) => typeof value === 'string' && IMMUTABLE_SUB.test(value));
}

/** Claims that the token of a pull request cannot have without an approval. */
const REVIEWED = [
  'ref',
  'ref_protected',
  'environment',
  'event_name',
  'workflow_ref',
  'job_workflow_ref',
];

/** `github-pull-requests` */
export const githubPullRequests = perBinding((binding) => {
  if (binding.provider !== 'github-actions' || narrows(binding, REVIEWED)) return undefined;
  if (namesRefInSub(binding)) return undefined;
  return 'matches jobs of pull requests too, with unreviewed code: add ref: refs/heads/main, or environment or event_name';
});

/** A whole `sub`, or a glob that goes as far as the branch or environment; `repo:acme/orders:*` does not. */
function namesRefInSub({ match }: BindingView): boolean {
  return (
    match.sub !== undefined &&
    valuesOf(match.sub).every(
      (value) => typeof value === 'string' || /:(?:ref|environment):/.test(JSON.stringify(value)),
    )
  );
}

const GITLAB_TARGET = [
  'job_project_id',
  'job_namespace_id',
  'job_project_path',
  'job_namespace_path',
];
const GITLAB_SOURCE = ['project_id', 'namespace_id', 'project_path', 'namespace_path'];

/** `gitlab-fork-merge-requests` */
export const gitlabForkMergeRequests = perBinding((binding) => {
  if (binding.provider !== 'gitlab-ci') return undefined;
  const target = narrows(binding, GITLAB_TARGET);
  const source = narrows(binding, GITLAB_SOURCE);
  if (source && !target) {
    return 'project_id can be that of a fork, while job_project_id is the project where the job runs: add job_project_id: "…"';
  }
  if (target && !source) {
    return 'merge requests of forks run in this project too: add project_id: "…", which for those is the fork';
  }
  return undefined;
});

/** `kubernetes-issuer-not-unique` */
export const kubernetesIssuerNotUnique = perIssuer(({ spec }) =>
  spec.issuers.some((issuer) => /^https?:\/\/kubernetes\.default(?:[.:/]|$)/.test(issuer))
    ? 'every cluster without its own issuer uses this one: give the cluster its own (--service-account-issuer), and give its keys here until then'
    : undefined,
);

/** `kubernetes-single-use` */
export const kubernetesSingleUse = perIssuer(({ preset, spec }) =>
  preset === 'kubernetes' && spec.singleUse
    ? 'pods send the same token until the kubelet renews it, and would be rejected: remove singleUse'
    : undefined,
);
