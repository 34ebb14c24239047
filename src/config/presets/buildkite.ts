import { HOUR } from './options.ts';
import { definePreset } from './preset.ts';

export const buildkite = definePreset({
  id: 'buildkite',
  title: 'Buildkite',
  options: {},
  facts: () => ({
    issuers: ['https://agent.buildkite.com'],
    algorithms: ['RS256'],
    kinds: ['jwt'],
    // Five minutes unless the step asks for more.
    maxTokenLifetimeSeconds: HOUR,
  }),
  claims: {
    text: [
      'organization_slug',
      'organization_id',
      'pipeline_slug',
      'pipeline_id',
      'build_branch',
      'build_tag',
      'build_commit',
      'build_source',
      'step_key',
      'job_id',
      'agent_id',
      'runner_environment',
    ],
    number: ['build_number'],
  },
  doc: {
    about:
      'A step asks for a token: `buildkite-agent oidc request-token --audience https://sts.example.com --claim organization_id --claim pipeline_id`.',
    claims:
      '`organization_slug`, `pipeline_slug`, `build_branch`, `build_tag`, `step_key`; `organization_id` and `pipeline_id` only when the step asks for them with `--claim`. `build_number` is a number, `step_key` and `build_tag` may be null.',
    pitfalls: [
      'The issuer signs for every Buildkite organization: each binding needs `organization_id` (or `organization_slug`).',
      '`sub` contains the commit and so never equals a fixed text: bind on the other claims instead.',
      'For a build of a fork, `build_branch` is `OWNER:BRANCH` or a plain branch name, depending on the pipeline settings: disable builds of forks, or bind on `build_source` too.',
    ],
    example: `issuers:
  buildkite: { preset: buildkite, audience: https://sts.example.com }
bindings:
  - name: deploy steps of orders
    issuer: buildkite
    match:
      organization_id: 0184990a-477b-4fa8-9968-496074483000
      pipeline_id: 0184990a-477b-4fa8-9968-496074483001
      build_branch: main
    roles: [orders-publisher]`,
  },
});
