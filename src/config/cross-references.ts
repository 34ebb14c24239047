import type { Findings } from './findings.ts';
import { child } from './path.ts';
import { type Named, type Settings } from './settings.ts';
import { didYouMean } from '../suggest.ts';

/** Every name must refer to exactly one thing. */
export function checkReferences(settings: Settings, findings: Findings): void {
  const { accounts, issuers, roles, bindings } = settings;
  const expectName = (what: string, name: string, { names }: Named<unknown>, path: string) => {
    // That a section is empty was reported already.
    if (names.size === 0 || names.has(name)) return;
    findings.problem(path, `there is no ${what} "${name}"${didYouMean(name, names)}`);
  };
  for (const [name, role] of roles.entries) {
    expectName('account', role.account, accounts, `roles.${name}.account`);
  }
  const { callout } = settings;
  if (callout?.account !== undefined) {
    expectName('account', callout.account, accounts, 'callout.account');
  }
  for (const { index, settings } of bindings) {
    const path = `bindings[${index}]`;
    expectName('issuer', settings.issuer, issuers, `${path}.issuer`);
    for (const [at, role] of settings.roles.entries()) {
      expectName('role', role, roles, `${path}.roles[${at}]`);
    }
  }
  for (const [index, { issuer }] of (settings.admin ?? []).entries()) {
    expectName('issuer', issuer, issuers, `admin[${index}].issuer`);
  }
  checkBindingNames(settings, findings);
  checkIssuersApart(settings, findings);
}

function checkBindingNames({ bindings }: Settings, { problem }: Findings): void {
  const first = new Map<string, number>();
  for (const { index, settings } of bindings) {
    const earlier = first.get(settings.name);
    if (earlier === undefined) first.set(settings.name, index);
    else
      problem(
        `bindings[${index}].name`,
        `is also the name of bindings[${earlier}]: choose another`,
      );
  }
}

/** A token's `iss` must lead to one issuer entry; with two, it would be undefined which rules apply. */
function checkIssuersApart({ issuers }: Settings, { problem }: Findings): void {
  const owner = new Map<string, string>();
  for (const [name, { spec }] of issuers.entries) {
    for (const iss of spec.issuers) {
      const other = owner.get(iss);
      if (other === undefined) owner.set(iss, name);
      else
        problem(
          child('issuers', name),
          `has the same issuer as "${other}": keep one of them (audience and kinds accept lists)`,
        );
    }
  }
}
