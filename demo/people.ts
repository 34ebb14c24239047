import { strict as assert } from 'node:assert';
import { createBrowser, signIn } from '../test/support/people.ts';
import { connectWith } from './nats-client.ts';
import { ADA } from './policy.ts';
import type { Stage } from './rotation.ts';

/** A person comes in by the page. The browser of this demo has no window, and needs no script. */
export async function people({
  world,
  narrator,
}: Pick<Stage, 'world' | 'narrator'>): Promise<void> {
  narrator.step(
    'Ada, a person of the orders team, signs in with a browser, and takes a credential along',
  );
  const browser = createBrowser();
  const home = await signIn(browser, `${world.stsUrl}/login`, ADA.name);
  assert.equal(home.status, 200, home.text);
  for (const text of [ADA.name, 'orders.eu.>']) {
    assert(home.text.includes(text), `the page does not say ${text}: ${home.text}`);
  }
  narrator.facts({
    'signed in': `${ADA.name}, at ${world.provider.issuer}`,
    page: `${world.stsUrl}/`,
  });

  const file = await home.press('Download credential for orders');
  assert.equal(file.status, 200, file.text);
  await using client = await connectWith(file.body, [world.natsUrl]);
  const message = await client.publishTo('orders.eu.created', '{"order": 2}', 'orders.eu.>');
  assert.equal(message.string(), '{"order": 2}');
  narrator.facts({ published: 'orders.eu.created', received: message.string() });
}
