import { z } from 'zod';
import { host } from './options.ts';
import { definePreset } from './preset.ts';

const GITHUB = 'https://token.actions.githubusercontent.com';

/** github.com, one enterprise's own issuer there, GHE.com (data residency), or GitHub Enterprise Server. */
function issuerOf(server: string | undefined, enterprise: string | undefined): string {
  if (server?.endsWith('.ghe.com')) return `https://token.actions.${server}`;
  if (server !== undefined) return `https://${server}/_services/token`;
  return enterprise === undefined ? GITHUB : `${GITHUB}/${enterprise}`;
}

export const githubActions = definePreset({
  id: 'github-actions',
  title: 'GitHub Actions',
  options: {
    enterprise: z
      .string()
      .regex(/^[A-Za-z0-9-]+$/, 'is not the slug of an enterprise: use letters, digits, and -')
      .optional()
      .meta({
        title: 'slug',
        description: 'Slug of the enterprise, if it has enabled its own issuer URL.',
      }),
    host: host(
      'Host of GitHub Enterprise Server, or `SUBDOMAIN.ghe.com`. Default: github.com.',
    ).optional(),
  },
  facts({ host, enterprise }) {
    if (host !== undefined && enterprise !== undefined) {
      return {
        path: 'enterprise',
        message: 'works only with github.com: remove it, or remove host',
      };
    }
    return {
      issuers: [issuerOf(host, enterprise)],
      algorithms: ['RS256'],
      kinds: ['jwt'],
      // Tokens are made for five minutes.
      maxTokenLifetimeSeconds: 300,
    };
  },
  claims: {
    text: [
      'ref',
      'sha',
      'repository',
      'repository_owner',
      'repository_owner_id',
      'repository_id',
      'repository_visibility',
      'run_id',
      'run_number',
      'run_attempt',
      'actor',
      'actor_id',
      'workflow',
      'workflow_ref',
      'workflow_sha',
      'job_workflow_ref',
      'job_workflow_sha',
      'event_name',
      'ref_type',
      'ref_protected',
      'head_ref',
      'base_ref',
      'runner_environment',
      'enterprise',
      'enterprise_id',
      'check_run_id',
      'environment',
      'environment_node_id',
    ],
  },
  doc: {
    about:
      'A job with `permissions: { id-token: write }` requests a token with your audience: `core.getIDToken("https://sts.example.com")`, or `curl "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=…"`.',
    claims:
      '`repository_id`, `repository_owner_id`, `ref`, `environment`, `event_name`, `job_workflow_ref`, `runner_environment`. All are strings, including IDs and `ref_protected`: write `repository_id: "456789"`, in quotes.',
    pitfalls: [
      'The issuer signs for every repository on GitHub. A binding without `repository_owner_id`, `repository_id` or `enterprise_id` lets strangers in.',
      'Someone else can take over an abandoned name, but not an ID. `sub` has two forms (`repo:OWNER/REPO:…` and, for repositories created or moved since July 2026, `repo:OWNER@ID/REPO@ID:…`) and can be customized: bind on the other claims instead.',
      'Jobs of pull requests have the same `repository_id`. Bind on `ref`, `environment`, or `event_name` too, so that unreviewed changes get nothing.',
      '`environment` is missing unless the job names one.',
      'A token requested without an audience is for `https://github.com/OWNER`, and nats-sts rejects it.',
    ],
    example: `issuers:
  github: { preset: github-actions, audience: https://sts.example.com }
bindings:
  - name: deploy jobs of acme
    issuer: github
    match:
      repository_owner_id: "123456"
      repository_id: "456789"
      ref: refs/heads/main
    roles: [orders-publisher]`,
  },
});
