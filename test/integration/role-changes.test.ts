import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { subscriptionError } from '../support/nats-traffic.ts';
import {
  prepareRotation,
  type RotationGround,
  type RotationOptions,
  type RunningService,
  startRotating,
} from '../support/rotation-world.ts';
import type { CredentialAnswer } from '../support/service-world.ts';

/** Waiting for two lease terms would take longer than any test may. */
const CALM: RotationOptions = {
  configure: (tree) => {
    tree['accounts'].APP.rotation = { every: '7d', grace: '1s' };
    tree['rotator'].lease = '10m';
  },
};

const reader = { account: 'APP', subscribe: { allow: ['_INBOX.>', 'news.>'] }, maxTtl: '15m' };

async function addReader(ground: RotationGround): Promise<void> {
  await ground.configure((tree) => {
    tree['roles'].reader = reader;
    tree['bindings'][0].roles = ['publisher', 'reader'];
  });
}

async function changePublisher(ground: RotationGround): Promise<void> {
  await ground.configure((tree) => {
    tree['roles'].publisher.subscribe.allow = ['news.>'];
  });
}

/** The credential of this role, as soon as there is one. */
function credential(ground: RotationGround, running: RunningService, role: string) {
  return eventually(async () => {
    const answer = await running.exchange(await ground.token(), { role });
    return answer.ok && ((await answer.json()) as CredentialAnswer);
  });
}

/** Resolves once a credential of the role may subscribe to `news.>`. */
async function mayReadNews(ground: RotationGround, running: RunningService): Promise<void> {
  await eventually(async () => {
    const { creds } = await running.credential(await ground.token(), { role: 'publisher' });
    const connection = await ground.connect(creds);
    return (await subscriptionError(connection, 'news.>')) === undefined;
  });
}

test('a role that is added or changed while the service runs is signed as soon as every server has its key', async () => {
  await using ground = await prepareRotation(CALM);
  await using running = await startRotating(ground);
  await credential(ground, running, 'publisher');

  await addReader(ground);
  expect(running.service.reload()).toBe(true);
  await ground.connect((await credential(ground, running, 'reader')).creds);

  await changePublisher(ground);
  expect(running.service.reload()).toBe(true);
  await mayReadNews(ground, running);
});

test('so is one that was added while the service was stopped', async () => {
  await using ground = await prepareRotation(CALM);
  {
    await using running = await startRotating(ground);
    await credential(ground, running, 'publisher');
  }
  await addReader(ground);
  await using running = await startRotating(ground);
  expect(await credential(ground, running, 'reader')).toMatchObject({ role: 'reader' });
});
