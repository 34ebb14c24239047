import { hostname } from 'node:os';

/** What the page shows as asking, so that the person recognises their own terminal. */
export function programName(): string {
  return `nats-sts login on ${hostname()}`.slice(0, 100);
}
