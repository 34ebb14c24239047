import { findNatsServer } from '../../scripts/nats-server.ts';

/** Finds (or fetches) the nats-server once; all workers inherit the variable. */
export default async function setup(): Promise<void> {
  process.env['NATS_SERVER'] = await findNatsServer();
}
