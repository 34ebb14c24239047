import type { AuditedClient } from '../audit/event.ts';
import type { ClientConnection } from '../exchange-request.ts';
import type { Claims, Json } from '../identity/identity.ts';
import type { CalloutRequest } from '../nats/callout/request.ts';
import { certificateClaims } from './certificate.ts';

/** What policies see of the client: only what the server knows by itself. */
export function connectionOf({ connection }: CalloutRequest): ClientConnection {
  return { host: connection.host, types: typesOf(connection), claims: claimsOf(connection) };
}

/** The server does not tell whether MQTT or a leaf node comes over WebSocket. */
function typesOf({ kind, type }: CalloutRequest['connection']): ClientConnection['types'] {
  if (kind === 'Leafnode') return ['LEAFNODE', 'LEAFNODE_WS'];
  if (kind !== 'Client') return [];
  if (type === 'nats') return ['STANDARD'];
  if (type === 'websocket') return ['WEBSOCKET'];
  return type === 'mqtt' ? ['MQTT', 'MQTT_WS'] : [];
}

function claimsOf(connection: CalloutRequest['connection']): Claims {
  const { host, kind, type, mqttId, certificate } = connection;
  const claims: { [name: string]: Json } = {
    kind: kind.toLowerCase(),
    ...(type !== '' && { type }),
    ...(host !== '' && { host }),
    ...(mqttId !== '' && { mqttId }),
  };
  if (certificate === undefined) return claims;
  let tls: { [name: string]: Json } | undefined;
  // Most policies do not ask, and parsing takes longer than the rest.
  return Object.defineProperty(claims, 'tls', {
    enumerable: true,
    get: () => (tls ??= certificateClaims(certificate) ?? {}),
  });
}

/** The client in a record. */
export function auditedClient({ server, connection, sent }: CalloutRequest): AuditedClient {
  const { kind, type, mqttId, id } = connection;
  return {
    ...texts({ name: sent.name, lang: sent.lang, version: sent.version, type, mqttId }),
    kind: kind.toLowerCase(),
    ...(server.name !== '' && { serverName: server.name.slice(0, MOST_CHARACTERS) }),
    server: server.id,
    ...(id !== undefined && { connection: id }),
  };
}

const MOST_CHARACTERS = 128;

/** Text of strangers: shortened here, escaped where it is shown. */
function texts<Name extends string>(
  values: Readonly<Record<Name, string>>,
): Partial<Record<Name, string>> {
  const said = Object.entries<string>(values).filter(([, text]) => text !== '');
  return Object.fromEntries(
    said.map(([name, text]) => [name, text.slice(0, MOST_CHARACTERS)]),
  ) as Partial<Record<Name, string>>;
}
