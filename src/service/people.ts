import type { People } from '../http/people.ts';

/** Nobody signs in yet. */
export function peopleOf(): People {
  const never = (): never => {
    throw new Error('there is no login');
  };
  return {
    logins: {
      issuers: () => [],
      begin: never,
      attemptIdOf: never,
      finish: never,
      open: never,
      signOut: never,
    },
    handovers: {
      grantCode: never,
      redeemCode: never,
      beginDevice: never,
      findDevice: never,
      agreeDevice: never,
      refuseDevice: never,
      redeemDevice: never,
      refreshToken: never,
      redeemRefreshToken: never,
      introspect: never,
      revoke: never,
    },
    choices: never,
    isAdmin: () => false,
    branding: () => ({ name: 'nats-sts' }),
  };
}
