import { findNatsServer } from '../../scripts/nats-server.ts';
import { buildCommand } from './built-command.ts';

/** Finds (or fetches) the nats-server and builds the command once; all workers inherit the variables. */
export default async function setup(): Promise<void> {
  process.env['NATS_SERVER'] = await findNatsServer();
  await buildCommand();
}
