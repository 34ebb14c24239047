import { describe, expect, test } from 'vitest';
import { connectionRefusal } from '../../src/policy/connection.ts';
import type { RoleSpec } from '../../src/policy/policy.ts';
import { role } from './support.ts';

const NOON = Date.UTC(2026, 5, 1, 12, 0, 0);
const HERE = { host: '192.0.2.7', types: ['STANDARD'] } as const;
const why = (
  spec: Partial<RoleSpec>,
  connection: Parameters<typeof connectionRefusal>[1] = HERE,
  now = NOON,
) => connectionRefusal(role('app', spec), connection, now)?.reason;

describe('a connection', () => {
  test('of a role without conditions is always right', () => {
    expect(why({})).toBeUndefined();
  });

  test('must be of a kind that the role lists', () => {
    expect(why({ connectionTypes: ['STANDARD', 'MQTT'] })).toBeUndefined();
    expect(why({ connectionTypes: ['MQTT'] })).toBe('connection_type_not_allowed');
    expect(
      why({ connectionTypes: ['MQTT_WS'] }, { ...HERE, types: ['MQTT', 'MQTT_WS'] }),
    ).toBeUndefined();
    expect(why({ connectionTypes: ['STANDARD'] }, { ...HERE, types: [] })).toBe(
      'connection_type_not_allowed',
    );
  });

  test.each([
    ['192.0.2.7', '192.0.2.0/24', undefined],
    ['::ffff:192.0.2.7', '192.0.2.0/24', undefined],
    ['198.51.100.1', '192.0.2.0/24', 'source_not_allowed'],
    ['2001:db8::1', '2001:db8::/32', undefined],
    ['2001:db9::1', '2001:db8::/32', 'source_not_allowed'],
    ['not an address', '0.0.0.0/0', 'source_not_allowed'],
    ['', '0.0.0.0/0', 'source_not_allowed'],
  ])('from %j and sources %s: %s', (host, network, reason) => {
    expect(why({ sources: [network] }, { ...HERE, host })).toBe(reason);
  });

  test.each([
    ['11:00:00', '13:00:00', 'UTC', undefined],
    ['13:00:00', '14:00:00', 'UTC', 'time_not_allowed'],
    ['22:00:00', '13:00:00', 'UTC', undefined],
    ['22:00:00', '06:00:00', 'UTC', 'time_not_allowed'],
    ['14:00:00', '15:00:00', 'Europe/Berlin', undefined],
  ])('at noon UTC and times %s–%s %s: %s', (start, end, timezone, reason) => {
    expect(why({ times: [{ start, end }], timezone })).toBe(reason);
  });
});
