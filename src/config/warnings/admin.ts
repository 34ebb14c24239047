import type { Pitfall } from './view.ts';

/** `admin-single-use` */
export const adminSingleUse: Pitfall = function* adminSingleUse({ admin = [], issuers }) {
  for (const [place, { issuer }] of admin.entries()) {
    if (!issuers.entries.get(issuer)?.spec.singleUse) continue;
    yield {
      path: `admin[${place}].issuer`,
      message:
        'nats-sts keys and revoke call the service once to ask you, and once to do it, with one token, which this issuer has taken only once: leave singleUse out there, or let administrators come from another issuer',
    };
  }
};
