import { auth0 } from './auth0.ts';
import { buildkite } from './buildkite.ts';
import { cognito } from './cognito.ts';
import { entra } from './entra.ts';
import { githubActions } from './github-actions.ts';
import { gitlabCi } from './gitlab-ci.ts';
import { google } from './google.ts';
import { keycloak } from './keycloak.ts';
import { kubernetes } from './kubernetes.ts';
import { okta } from './okta.ts';
import { pingone } from './pingone.ts';
import { plain } from './plain.ts';
import type { Preset } from './preset.ts';
import { spiffe } from './spiffe.ts';

/** Every provider we know, in the order of `docs/presets.md`. */
export const PRESETS: readonly Preset[] = [
  githubActions,
  gitlabCi,
  buildkite,
  kubernetes,
  spiffe,
  entra,
  okta,
  auth0,
  cognito,
  pingone,
  keycloak,
  google,
  plain,
];

/** The preset of this name; `undefined` is the plain issuer. */
export function presetFor(id: unknown): Preset | undefined {
  return PRESETS.find((preset) => preset.id === id);
}
