import type { Clock } from '../../clock.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { harmless, styled, type Terminal } from '../terminal.ts';
import { shortTime } from '../time.ts';
import type { DeviceAnswer, HandedOver } from './oauth-answers.ts';
import { OAuthRefusal, refusalError, shown } from './oauth-call.ts';
import { type Ask, programName, type SignInService } from './sign-in-service.ts';

export interface DeviceParts {
  readonly clock: Clock;
  readonly wait: (milliseconds: number) => Promise<unknown>;
}

const LONGEST_INTERVAL_SECONDS = 60;
/** The limit, whatever the service says. */
const LONGEST_WAIT_SECONDS = 3600;

/** The person enters a code on another device (RFC 8628). Throws CliError if the login fails. */
export async function signInByDevice(
  terminal: Terminal,
  { service, ask }: { readonly service: SignInService; readonly ask: Ask },
  parts: DeviceParts,
): Promise<HandedOver> {
  await service.check();
  const device = await service.beginDevice({ ...ask, program: programName() });
  if (device instanceof OAuthRefusal) throw refusalError(device);
  const endsAt = parts.clock.now() + Math.min(device.expires_in, LONGEST_WAIT_SECONDS) * 1000;
  terminal.err(instructions(terminal, checked(service.url, device), { endsAt, ...parts }));
  return poll(service, device, { endsAt, ...parts });
}

/** The page must belong to the service that the user named: another one could hand the credential to a stranger. */
function checked(url: URL, device: DeviceAnswer): DeviceAnswer {
  const { verification_uri: page, verification_uri_complete: complete = page } = device;
  for (const address of [page, complete]) {
    const { origin, pathname } = URL.parse(address) ?? {};
    if (origin === url.origin && pathname?.startsWith(url.pathname)) continue;
    throw new CliError(
      ExitCode.failed,
      `${url.href} sends you to another site, ${shown(address)}; if you trust that site, give its URL with --url`,
    );
  }
  return device;
}

interface Polling extends DeviceParts {
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
}

function instructions(
  terminal: Terminal,
  device: DeviceAnswer,
  { endsAt, clock }: Polling,
): string {
  const code = harmless(device.user_code);
  const lines = [
    'On any device with a browser, open',
    '',
    `    ${harmless(device.verification_uri)}`,
    '',
    'and enter this code:',
    '',
    `    ${styled(terminal, 'bold', code)}`,
    '',
    ...(device.verification_uri_complete
      ? [`Or open ${harmless(device.verification_uri_complete)} and compare the code.`]
      : []),
    `Waiting until ${shortTime(endsAt, clock.now())}; press Ctrl-C to stop.`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** RFC 8628 §3.5. */
async function poll(
  service: SignInService,
  device: DeviceAnswer,
  { endsAt, clock, wait }: Polling,
): Promise<HandedOver> {
  let interval = Math.min(Math.max(1, device.interval), LONGEST_INTERVAL_SECONDS);
  for (;;) {
    // Never past the end.
    await wait(Math.min(interval * 1000, Math.max(0, endsAt - clock.now())));
    if (clock.now() >= endsAt) throw tooLate();
    const answer = await orUnreachable(service.redeemDevice(device.device_code));
    if (answer !== undefined && !(answer instanceof OAuthRefusal)) return answer;
    interval = nextInterval(interval, answer);
  }
}

/** Undefined: the service could not be reached, and should be asked again. */
async function orUnreachable<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof CliError && error.exitCode === ExitCode.unavailable) return undefined;
    throw error;
  }
}

/** Seconds until the next request; throws if there must be none. */
function nextInterval(interval: number, refusal: OAuthRefusal | undefined): number {
  if (refusal?.error === 'authorization_pending') return interval;
  if (refusal?.error === 'slow_down') return interval + 5;
  if (refusal === undefined || refusal.temporary) {
    const longer = Math.min(interval * 2, LONGEST_INTERVAL_SECONDS);
    return Math.max(interval, longer, refusal?.retryAfterSeconds ?? 0);
  }
  if (refusal.error === 'expired_token') throw tooLate();
  throw refusalError(refusal);
}

function tooLate(): CliError {
  return new CliError(
    ExitCode.failed,
    'the code expired before anybody entered it: nothing was written. Start again.',
  );
}
