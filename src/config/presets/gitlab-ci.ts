import { host, HOUR } from './options.ts';
import { definePreset } from './preset.ts';

export const gitlabCi = definePreset({
  id: 'gitlab-ci',
  title: 'GitLab CI',
  options: { host: host('Host of your own GitLab.').prefault('gitlab.com') },
  facts: ({ host }) => ({
    issuers: [`https://${host}`],
    algorithms: ['RS256'],
    kinds: ['jwt'],
    // A token lives as long as its job may run.
    maxTokenLifetimeSeconds: 12 * HOUR,
  }),
  claims: {
    text: [
      'namespace_id',
      'namespace_path',
      'project_id',
      'project_path',
      'job_project_id',
      'job_project_path',
      'job_namespace_id',
      'job_namespace_path',
      'user_id',
      'user_login',
      'user_email',
      'user_access_level',
      'pipeline_id',
      'pipeline_source',
      'job_id',
      'ref',
      'ref_type',
      'ref_path',
      'ref_protected',
      'environment',
      'environment_protected',
      'deployment_tier',
      'environment_action',
      'runner_environment',
      'sha',
      'project_visibility',
      'ci_config_ref_uri',
      'ci_config_sha',
      'groups_direct',
    ],
    number: ['runner_id'],
  },
  doc: {
    about:
      'A job requests a token in `.gitlab-ci.yml`: `id_tokens: { STS_TOKEN: { aud: https://sts.example.com } }`.',
    claims:
      '`job_project_id`, `job_namespace_id` (where the job runs), `project_id`, `namespace_id`, `ref`, `ref_type`, `ref_protected`, `environment`, `pipeline_source`, `groups_direct`. IDs and `"true"`/`"false"` are strings; only `runner_id` is a number.',
    pitfalls: [
      'In a merge request pipeline of a fork that runs in the target project, `project_id` and `namespace_id` name the fork, while `job_project_id` and `job_namespace_id` name the project that the job runs in. Bind on both `project_id` and `job_project_id`.',
      'gitlab.com signs for every project on it: each binding needs the ID of a project or namespace.',
      '`ref` has no `refs/heads/` prefix, and a tag can have the same name as a branch: add `ref_type: branch`, or use `ref_path`.',
      'Others can take over a renamed path, but not an ID.',
    ],
    example: `issuers:
  gitlab: { preset: gitlab-ci, host: gitlab.example.com, audience: https://sts.example.com }
bindings:
  - name: deploy jobs of orders
    issuer: gitlab
    match:
      project_id: "20"
      job_project_id: "20"
      ref_path: refs/heads/main
      ref_protected: "true"
    roles: [orders-publisher]`,
  },
});
