import type { RotateAnswer } from '../../admin-api/keys.ts';
import { audited, origin, record } from '../../audit/record.ts';
import { Refusal } from '../../errors.ts';
import type { AdminCaller, RotateAsk } from '../../http/admin/actions.ts';
import { requestRotation } from '../../keyring/changes.ts';
import { ANY_ROLE, ringText } from '../../keyring/ring.ts';
import { didYouMean } from '../../suggest.ts';
import type { RingedAccount } from '../signing/ringed-accounts.ts';
import { atAdmin } from './access.ts';
import { type AdminDeps, ATTEMPTS, BUSY, notFound, readRings } from './deps.ts';

/** The slots of one account to rotate. */
interface Rotated {
  readonly account: string;
  readonly slots: readonly string[];
}

/** Asks the rotator to rotate slots: of all accounts, one account or one role. */
export async function rotate(
  deps: AdminDeps,
  ask: RotateAsk,
  caller: AdminCaller,
): Promise<RotateAnswer | Refusal> {
  const chosen = choose(deps, ask);
  if (chosen instanceof Refusal) return chosen;
  if (ask.dryRun === true) return { requested: chosen.flatMap(named) };
  const requested: { account: string; slot: string }[] = [];
  for (const { account, slots } of chosen) {
    for (const slot of slots) {
      const refusal = await record(deps.audit, {
        type: 'admin',
        ...origin(deps.clock, atAdmin(caller)),
        identity: audited(caller.identity),
        action: 'rotate',
        account,
        slot,
      });
      if (refusal) return refusal;
    }
    const asked = await request(deps, { account, slots });
    if (asked instanceof Refusal) return asked;
    if (asked) requested.push(...named({ account, slots }));
  }
  return { requested };
}

function named({ account, slots }: Rotated): RotateAnswer['requested'] {
  return slots.map((slot) => ({ account, slot }));
}

/** False if the account has no ring yet: the rotator is about to make its first keys. */
async function request(
  { state, clock }: AdminDeps,
  { account, slots }: Rotated,
): Promise<boolean | Refusal> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const stored = (await readRings(state)).find(({ ring }) => ring.account === account);
    if (!stored) return false;
    const next = requestRotation(stored.ring, slots, clock.now());
    if (await state.write(stored.key, ringText(next), stored.revision)) return true;
  }
  return BUSY;
}

function choose({ config, ringed }: AdminDeps, ask: RotateAsk): Rotated[] | Refusal {
  const { accounts, roles } = config();
  const role = roles.find(({ name }) => name === ask.role);
  if (ask.role !== undefined && !role) return unknown('role', ask.role, roles);
  if (ask.account !== undefined && !accounts.some(({ name }) => name === ask.account)) {
    return unknown('account', ask.account, accounts);
  }
  if (role && ask.account !== undefined && role.account !== ask.account) {
    return notFound(`The role "${role.name}" does not belong to account "${ask.account}".`);
  }
  const account = ask.account ?? role?.account;
  const wanted = ringed().filter(({ name }) => account === undefined || name === account);
  if (account !== undefined && wanted.length === 0) {
    return new Refusal(
      'parameter_invalid',
      `The keys of account "${account}" cannot be rotated: it has no "rotation", and the configuration has no "nats.system". Add one of them.`,
    );
  }
  return wanted.map((one) => ({ account: one.name, slots: slotsOf(one, ask.role) }));
}

function slotsOf({ wanted }: RingedAccount, role: string | undefined): string[] {
  const slots = wanted.slots.map(({ slot }) => slot);
  if (role === undefined) return slots;
  return [slots.includes(role) ? role : ANY_ROLE];
}

function unknown(what: string, name: string, known: readonly { readonly name: string }[]): Refusal {
  const names = known.map(({ name }) => name);
  return notFound(`There is no ${what} "${name}"${didYouMean(name, names)}.`);
}
