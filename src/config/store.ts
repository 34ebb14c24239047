import { resolve } from 'node:path';
import type { Config } from './config.ts';
import { credsFileAt, type Place } from './place.ts';
import type { Settings } from './settings.ts';

export function readStore({ store, nats }: Settings, place: Place): Config['store'] {
  const sqliteFile = resolve(place.directory, store.sqlite ?? './data/sts.db');
  if (!store.jetstream) return { sqliteFile };
  const { bucket, servers, creds, replicas } = store.jetstream;
  return {
    sqliteFile,
    jetstream: {
      bucket,
      servers: servers ?? nats.servers,
      replicas,
      ...(creds !== undefined && { credsFile: credsFileAt(creds, 'store.jetstream.creds', place) }),
    },
  };
}
