import { CLOCKS_DIFFER_SECONDS, unixSeconds } from '../../clock.ts';
import { Refusal } from '../../errors.ts';
import { DEVICE_LIVES_SECONDS, type DeviceRecord, newDevice } from './device-record.ts';
import { answerOnce, grantInvalid, type HandoverParts, TAKEN_OVER, whoIs } from './answer-once.ts';
import { type Found, type HandoverRecords, handoverRecords } from './records.ts';
import type { Handover, Handovers, Issue } from '../handovers.ts';
import { hashOfSecret, newSecret, sameText } from './secrets.ts';
import { INTERVAL_SECONDS, pollPacer } from './poll-pacer.ts';
import type { Caller, Session } from '../session.ts';
import { StoreUnavailable } from '../../store/shared-state.ts';
import { sessionOfItsOwn } from '../session/start-session.ts';
import { newUserCode, readUserCode, showUserCode } from './user-code.ts';

/** How long a device that still polls gets `expired_token` and not `invalid_grant` (RFC 8628 §3.5). */
const REMEMBERED_SECONDS = 60;
/** The name under which device codes are claimed; no issuer can have it. */
const SINGLE_USE_NAME = 'nats-sts:device';
/** With 10,000 devices waiting, one random code in a million is taken. */
const TRIES = 3;

export type Devices = Pick<
  Handovers,
  'beginDevice' | 'findDevice' | 'agreeDevice' | 'refuseDevice' | 'redeemDevice'
> & { prune(): Promise<void> };

/** Codes that a person types on another device (RFC 8628). */
export function deviceCodes(
  parts: HandoverParts,
  { capacity }: { readonly capacity?: number } = {},
): Devices {
  const { journal, keeper, singleUse, clock } = parts;
  const records = handoverRecords<DeviceRecord>({
    ...parts,
    prefix: 'device.',
    rememberedSeconds: REMEMBERED_SECONDS,
    ...(capacity !== undefined && { capacity }),
  });
  const pacer = pollPacer({ clock });

  /** The record of a typed code, as long as the device waits for an answer. */
  async function waiting(typed: string): Promise<Waiting | Refusal> {
    const userCode = readUserCode(typed);
    if (userCode === undefined) return USER_CODE_UNKNOWN;
    const name = hashOfSecret(userCode);
    const found = await records.find(name);
    if (!found || found.over || found.record.state !== 'waiting') return USER_CODE_UNKNOWN;
    return { userCode, name, found };
  }

  /** Whether this person has already agreed to this, and the device has not polled since. */
  async function wasAgreed(typed: string, session: Session, role: string): Promise<boolean> {
    const userCode = readUserCode(typed);
    const found = userCode && (await records.find(hashOfSecret(userCode)));
    if (!found || found.over || found.record.role !== role) return false;
    const sealed = found.record.session;
    const agreed = sealed === undefined ? undefined : await keeper.open(sealed);
    return agreed !== undefined && !(agreed instanceof Refusal) && agreed.id === session.id;
  }

  async function handOver(
    name: string,
    found: Found<DeviceRecord>,
    caller: Caller,
    issue: Issue,
  ): Promise<Handover | Refusal> {
    const { program, role, ttlSeconds, userPublicKey, session: sealed, expiresAt } = found.record;
    const until = expiresAt + REMEMBERED_SECONDS + CLOCKS_DIFFER_SECONDS;
    const held = await singleUse.hold(SINGLE_USE_NAME, name, until);
    if (!held || role === undefined || sealed === undefined) {
      return journal.refuse({ refusal: grantInvalid('the device code was used') }, caller);
    }
    const what = { program, role, user: userPublicKey };
    const agreed = await keeper.open(sealed);
    if (agreed instanceof Refusal) {
      if (!(await held.settle())) return TAKEN_OVER;
      await forget(name, found);
      return journal.refuse({ ...what, refusal: agreed }, caller);
    }
    const session = sessionOfItsOwn(agreed);
    const handover = { session, userPublicKey, role, ttlSeconds, program };
    const answer = await answerOnce(held, handover, async () => {
      const entry = { ...whoIs(session), ...what };
      const unrecorded = await journal.record({ ...entry, step: 'handed-over' }, caller);
      return unrecorded ?? issue(handover);
    });
    if (!(answer instanceof Refusal)) await forget(name, found);
    return answer;
  }

  /** Deletes a used record; if that fails, it does no harm. */
  async function forget(name: string, found: Found<DeviceRecord>): Promise<void> {
    pacer.forget(name);
    await records.take(name, found).catch((fault: unknown) => {
      if (!(fault instanceof StoreUnavailable)) throw fault;
    });
  }

  return {
    async beginDevice(ask, caller) {
      const { address, network = address } = caller;
      const full = await records.full(network);
      if (full) return full;
      const { program, role, userPublicKey } = ask;
      const entry = { program, user: userPublicKey, ...(role !== undefined && { role }) };
      const unrecorded = await journal.record({ ...entry, step: 'device-begun' }, caller);
      if (unrecorded) return unrecorded;
      const secret = newSecret();
      const record = newDevice(ask, { secret, address, network, now: unixSeconds(clock) });
      const userCode = await putUnderNewCode(records, record);
      return {
        deviceCode: `${hashOfSecret(userCode)}.${secret}`,
        userCode: showUserCode(userCode),
        expiresInSeconds: DEVICE_LIVES_SECONDS,
        intervalSeconds: INTERVAL_SECONDS,
      };
    },

    async findDevice(typed, session, caller) {
      const asked = await waiting(typed);
      if (asked instanceof Refusal) {
        return journal.refuse({ ...whoIs(session), refusal: asked }, caller);
      }
      const { program, userPublicKey, role, ttlSeconds, address, begunAt } = asked.found.record;
      const userCode = showUserCode(asked.userCode);
      return { userCode, program, userPublicKey, role, ttlSeconds, address, begunAt };
    },

    async agreeDevice(userCode, { session, role }, caller) {
      const asked = await waiting(userCode);
      // If the person was told to try again, the first attempt may have succeeded.
      if (asked instanceof Refusal) {
        return (await wasAgreed(userCode, session, role)) ? undefined : asked;
      }
      const { name, found } = asked;
      const { program, userPublicKey } = found.record;
      const sealed = await keeper.seal(session);
      const entry = { ...whoIs(session), program, role, user: userPublicKey };
      const unrecorded = await journal.record({ ...entry, step: 'agreed' }, caller);
      if (unrecorded) return unrecorded;
      const agreed = { ...found.record, state: 'agreed' as const, role, session: sealed };
      return (await records.replace(name, found, agreed)) ? undefined : USER_CODE_UNKNOWN;
    },

    async refuseDevice(userCode, session, caller) {
      const asked = await waiting(userCode);
      if (asked instanceof Refusal) return asked;
      const { name, found } = asked;
      const { program, userPublicKey } = found.record;
      const entry = { ...whoIs(session), program, user: userPublicKey };
      const unrecorded = await journal.record({ ...entry, step: 'refused' }, caller);
      if (unrecorded) return unrecorded;
      const refused = { ...found.record, state: 'refused' as const };
      return (await records.replace(name, found, refused)) ? undefined : USER_CODE_UNKNOWN;
    },

    async redeemDevice(deviceCode, caller, issue = async () => undefined) {
      const [, name, secret] = DEVICE_CODE.exec(deviceCode) ?? [];
      const found = name === undefined ? undefined : await records.find(name);
      if (
        name === undefined ||
        secret === undefined ||
        !found ||
        !sameText(hashOfSecret(secret), found.record.secretHash)
      ) {
        return journal.refuse({ refusal: grantInvalid('no such device code') }, caller);
      }
      if (found.over) return EXPIRED;
      switch (found.record.state) {
        case 'waiting':
          return pacer.tooSoon(name) ? SLOW_DOWN : PENDING;
        case 'agreed':
          return handOver(name, found, caller, issue);
        case 'refused':
          return REFUSED;
      }
    },

    prune: () => records.prune(),
  };
}

interface Waiting {
  readonly userCode: string;
  readonly name: string;
  readonly found: Found<DeviceRecord>;
}

const DEVICE_CODE = /^([\w-]{43})\.([\w-]{43})$/;

/** Stores the record under an unused code and returns the code. */
async function putUnderNewCode(
  records: HandoverRecords<DeviceRecord>,
  record: DeviceRecord,
): Promise<string> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const userCode = newUserCode();
    if (await records.put(hashOfSecret(userCode), record)) return userCode;
  }
  throw new Error(`${TRIES} random user codes in a row were taken`);
}

const USER_CODE_UNKNOWN = new Refusal(
  'user_code_unknown',
  'This code is unknown: it was mistyped, was already used, or expired. Get a new one from the program that showed it.',
);
const PENDING = new Refusal('authorization_pending', 'Nobody has agreed yet. Ask again.');
const SLOW_DOWN = new Refusal(
  'slow_down',
  'Nobody has agreed yet, and you ask too often. From now on, wait five seconds longer before you ask again.',
);
const EXPIRED = new Refusal('device_code_expired', 'Nobody agreed in time. Start again.');
const REFUSED = new Refusal('handover_refused', 'The person refused.');
