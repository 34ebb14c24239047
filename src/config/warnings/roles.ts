import { durationText } from '../schema/scalars.ts';
import { type Hint, type Pitfall, perRole } from './pitfall.ts';

const DAY = 86_400;

/** `role-unused` */
export const roleUnused: Pitfall = function* roleUnused({ roles, bindings }) {
  const given = new Set(bindings.flatMap(({ settings }) => settings.roles));
  for (const name of roles.names) {
    if (given.has(name)) continue;
    yield { path: `roles.${name}`, message: 'no binding gives this role: nobody can get it' };
  }
};

/** `allow-everything` */
export const allowEverything = perRole(({ publish, subscribe }, path) => [
  ...hints(publish.allow, isEverything, `${path}.publish.allow`, 'lets it publish everywhere'),
  ...hints(subscribe.allow, isEverything, `${path}.subscribe.allow`, 'lets it read everything'),
]);

/** `allow-system` */
export const allowSystem = perRole(({ publish, subscribe }, path) => [
  ...hints(publish.allow, isSystem, `${path}.publish.allow`, 'reaches the servers themselves'),
  ...hints(subscribe.allow, isSystem, `${path}.subscribe.allow`, 'reaches the servers themselves'),
]);

/** `allow-jetstream-api` */
export const allowJetStreamApi = perRole(({ publish }, path) =>
  hints(
    publish.allow,
    (subject) => subject === '$JS.>' || subject === '$JS.API.>',
    `${path}.publish.allow`,
    'lets it read, change and delete every stream of the account',
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
              'whoever has it can read replies meant for others of the account: where that matters, give each an inbox prefix of its own, e.g. "_INBOX_{{subject | token}}.>"; answers and nats-sts login tell clients',
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
          message: `a credential of ${durationText(maxTtl)} works that long after its token was taken back: 24h at most is better, the client can renew it`,
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
            'has no effect: NATS servers read this limit and do not enforce it. Limit payload and maxTtl instead',
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
            message: `"${subject}" ${consequence}: name the subjects that are needed`,
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
