import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Permissions, UserPermissionLimits } from '../nats/user-claims.ts';
import { templateFault } from './template.ts';

/** Nobody but servers hears it: asked without a reply subject it does nothing. */
const HARMLESS = '$SYS.REQ.USER.INFO';

/**
 * Whether the user of this connection may do what a template doesn't allow: tries to listen and to
 * publish where hardly any role may. What passes may be wider nonetheless.
 */
export async function isWide(
  connection: NatsConnection,
  template: UserPermissionLimits,
): Promise<boolean> {
  const { pub, sub } = template;
  const nowhere = `nats-sts-canary.${randomUUID()}`;
  const goesThrough = async (rules: Permissions, act: () => unknown): Promise<boolean> => {
    const allowed = templateFault({ ...template, ...rules }, template) === undefined;
    return !allowed && !(await isRefused(connection, act));
  };
  return (
    (await goesThrough({ sub: { ...sub, allow: [nowhere] } }, () =>
      connection.subscribe(nowhere, { callback: () => {} }),
    )) ||
    (await goesThrough({ pub: { ...pub, allow: [HARMLESS] } }, () => connection.publish(HARMLESS)))
  );
}

const TIMEOUT_MILLISECONDS = 2000;

/** Whether the server objects; one that ends the connection, or is silent, does. */
async function isRefused(connection: NatsConnection, act: () => unknown): Promise<boolean> {
  let refused = false;
  const statuses = connection.status();
  void (async () => {
    for await (const { type } of statuses) if (type === 'error') refused = true;
  })();
  const gone = Promise.race([
    connection.closed().then(() => true),
    // What waits on a connection that ends may wait for ever.
    wait(TIMEOUT_MILLISECONDS, true, { ref: false }),
  ]);
  const taken = (async () => {
    act();
    // What the server says of it comes before its first answer, and has been told by the second.
    await connection.flush();
    await connection.flush();
    return refused;
  })();
  return Promise.race([gone, taken.catch(() => true)]);
}
