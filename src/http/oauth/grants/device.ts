import { missing, trimmed } from '../form.ts';
import { callerOf, type GrantHandler, refusedPerson } from './grant.ts';
import { redeemed } from './handover-answer.ts';

/** `grant_type=urn:ietf:params:oauth:grant-type:device_code`: a device asks whether somebody agreed (RFC 8628 §3.4). */
export const redeemDevice: GrantHandler = async (doors, request, form) => {
  const deviceCode = trimmed(form, 'device_code');
  if (deviceCode === undefined) return refusedPerson(missing('device_code'));

  return redeemed(doors, request, (issue) =>
    doors.people.handovers.redeemDevice(deviceCode, callerOf(request), issue),
  );
};
