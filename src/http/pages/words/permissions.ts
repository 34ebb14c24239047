import type { Grant } from '../../../policy/policy.ts';
import type { Direction } from '../../../policy/subject.ts';
import { lifetime } from '../../../lifetime.ts';
import { type SubjectWords, subjectWords } from './subjects.ts';

/** What a grant allows in one direction, in words. */
export interface DirectionWords {
  /** `You can publish to` */
  readonly heading: string;
  readonly allowed: readonly SubjectWords[];
  /** Exceptions from those. */
  readonly except: readonly SubjectWords[];
}

/** Publishing first. */
export function permissionWords({ publish, subscribe, role }: Grant): readonly DirectionWords[] {
  const replies = role.responses ? [{ words: replyWords(role.responses) }] : [];
  return [
    directionWords('You can publish to', 'publish', publish, replies),
    directionWords('You can subscribe to', 'subscribe', subscribe, []),
  ];
}

function directionWords(
  heading: string,
  direction: Direction,
  { allow, deny }: Grant['publish'],
  more: readonly SubjectWords[],
): DirectionWords {
  return {
    heading,
    allowed: [...allow.map((subject) => subjectWords(subject, direction)), ...more],
    // If nothing is allowed, there are no exceptions.
    except: allow.length === 0 ? [] : deny.map((subject) => subjectWords(subject, direction)),
  };
}

function replyWords({ max, ttlSeconds }: NonNullable<Grant['role']['responses']>): string {
  const times = max === 1 ? 'one answer' : `up to ${max} answers`;
  return `anyone who sends you a request: ${times} to each, within ${lifetime(ttlSeconds)}`;
}

/** What else a role allows or limits, each as a name and a text. */
export function limitWords({ role }: Grant): readonly (readonly [name: string, text: string])[] {
  const { limits, sources, times, timezone, connectionTypes } = role;
  const { subscriptions, payloadBytes, dataBytes } = limits;
  const entries: (readonly [string, string] | undefined)[] = [
    subscriptions === undefined ? undefined : ['Subscriptions', `at most ${subscriptions} at once`],
    payloadBytes === undefined ? undefined : ['Message size', `at most ${sizeWords(payloadBytes)}`],
    dataBytes === undefined ? undefined : ['Data', `at most ${sizeWords(dataBytes)}`],
    sources && ['Networks', `only from ${sources.join(', ')}`],
    times && ['Time of day', timeWords(times, timezone)],
    connectionTypes && ['Connections', `only ${connectionTypes.join(', ')}`],
  ];
  return entries.filter((entry) => entry !== undefined);
}

function timeWords(
  times: readonly { readonly start: string; readonly end: string }[],
  timezone: string | undefined,
): string {
  const ranges = times.map(({ start, end }) => `${short(start)}–${short(end)}`).join(', ');
  return `only ${ranges}${timezone === undefined ? '' : ` (${timezone})`}`;
}

/** Full minutes without their seconds. */
function short(time: string): string {
  return time.replace(/:00$/, '');
}

/** In the largest exact unit, in powers of 1024. */
export function sizeWords(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'];
  let size = bytes;
  let unit = 0;
  while (unit < units.length - 1 && size >= 1024 && size % 1024 === 0) {
    size /= 1024;
    unit += 1;
  }
  return size === 1 && unit === 0 ? '1 byte' : `${size} ${units[unit]}`;
}
