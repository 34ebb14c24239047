import { type AdminRule, compileAdmin } from '../policy/admin.ts';
import type { Findings } from './findings.ts';
import { child } from './path.ts';
import type { Settings } from './settings.ts';

/** Who may administer; conditions that can't be compiled, or are none, are problems. */
export function readAdmin(settings: Settings, { problem, problems: found }: Findings): AdminRule[] {
  const rules = (settings.admin ?? []).map(({ audience, ...rule }, place) => {
    const spec = { name: `admin[${place}]`, ...rule };
    return { spec, audience, claim: audienceClaim(settings, rule.issuer) };
  });
  // Before audiences are added: everyone whom a token is meant for is no administrator.
  const { problems } = compileAdmin(rules.map(({ spec }) => spec));
  for (const { path, message } of problems) {
    if (!found.some((first) => first.path === path)) problem(path, message);
  }
  return rules.map(({ spec, audience, claim }) => {
    if (audience === undefined) return spec;
    const said = [claim, `/${claim}`].find((key) => key in spec.match);
    if (said !== undefined)
      problem(child(`${spec.name}.match`, said), 'is what `audience` says: write one of them');
    return { ...spec, match: { ...spec.match, [claim]: audience } };
  });
}

/** Where tokens of this issuer say whom they are meant for. */
function audienceClaim({ issuers }: Settings, issuer: string): string {
  return issuers.entries.get(issuer)?.spec.audienceClaim ?? 'aud';
}
