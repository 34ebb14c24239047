import { durationText } from '../schema/scalars.ts';
import { type Hint, type Pitfall, perRole } from './pitfall.ts';

const DAY = 86_400;

/** `role-unused` */
export const roleUnused: Pitfall = function* roleUnused({ roles, bindings }) {
  const given = new Set(bindings.flatMap(({ settings }) => settings.roles));
  for (const name of roles.names) {
    if (given.has(name)) continue;
    yield {
      path: `roles.${name}`,
      message:
        'no binding gives this role, so nobody can get it: add it to a binding, or remove it',
    };
  }
};

/** `allow-everything` */
export const allowEverything = perRole(({ publish, subscribe }, path) => [
  ...hints(publish.allow, isEverything, `${path}.publish.allow`, 'allows publishing everywhere'),
  ...hints(subscribe.allow, isEverything, `${path}.subscribe.allow`, 'allows reading everything'),
]);

/** `allow-system` */
export const allowSystem = perRole(({ publish, subscribe }, path) => [
  ...hints(
    publish.allow,
    isSystem,
    `${path}.publish.allow`,
    'gives access to the servers themselves',
  ),
  ...hints(
    subscribe.allow,
    isSystem,
    `${path}.subscribe.allow`,
    'gives access to the servers themselves',
  ),
]);

/** `allow-jetstream-api` */
export const allowJetStreamApi = perRole(({ publish }, path) =>
  hints(
    publish.allow,
    (subject) => subject === '$JS.>' || subject === '$JS.API.>',
    `${path}.publish.allow`,
    'allows reading, changing, and deleting every stream of the account',
  ),
);

/** `shared-inbox` */
export const sharedInbox = perRole(({ subscribe }, path) =>
  subscribe.allow.flatMap((subject, index) =>
    subject === '_INBOX.>'
      ? [
          {
            path: `${path}.subscribe.allow[${index}]`,
            message:
              'every identity with this role can read replies to others in the account: if that matters, give each its own inbox prefix, such as "_INBOX_{{subject | token}}.>"; clients get it with their credentials',
          },
        ]
      : [],
  ),
);

/** `long-ttl` */
export const longTtl = perRole(({ maxTtl }, path) =>
  maxTtl > DAY
    ? [
        {
          path: `${path}.maxTtl`,
          message: `a credential stays valid for up to ${durationText(maxTtl)} after its user loses access: prefer 24h at most; clients can renew`,
        },
      ]
    : [],
);

/** `data-limit` */
export const dataLimit = perRole(({ limits }, path) =>
  limits.data === undefined
    ? []
    : [
        {
          path: `${path}.limits.data`,
          message:
            'has no effect, because NATS servers do not enforce it: limit payload and maxTtl instead',
        },
      ],
);

function hints(
  subjects: readonly string[],
  isMeant: (subject: string) => boolean,
  path: string,
  consequence: string,
): Hint[] {
  return subjects.flatMap((subject, index) =>
    isMeant(subject)
      ? [
          {
            path: `${path}[${index}]`,
            message: `"${subject}" ${consequence}: list only the subjects that are needed`,
          },
        ]
      : [],
  );
}

function isEverything(subject: string): boolean {
  return subject === '>' || subject === '*.>';
}

function isSystem(subject: string): boolean {
  return subject.startsWith('$SYS.') && subject.endsWith('>');
}
