import { once } from 'node:events';
import { connect } from 'node:net';

export interface MqttLogin {
  readonly clientId: string;
  readonly user: string;
  readonly password: string;
}

/** The return code of CONNACK (MQTT 3.1.1 §3.2.2.3): 0 is accepted, 5 not authorized. */
export async function mqttConnect(port: number, login: MqttLogin): Promise<number> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    socket.write(connectPacket(login));
    const [packet] = (await once(socket, 'data')) as [Buffer];
    return packet.readUInt8(3);
  } finally {
    socket.destroy();
  }
}

/** Clean session, user name and password (§3.1). */
function connectPacket({ clientId, user, password }: MqttLogin): Buffer {
  const head = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0b1100_0010, 0, 60]);
  const body = Buffer.concat([head, ...[clientId, user, password].map(text)]);
  return Buffer.concat([Buffer.from([0x10, ...remainingLength(body.length)]), body]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
}

/** Seven bits a byte, the lowest first (§2.2.3). */
function remainingLength(length: number): number[] {
  return length < 128 ? [length] : [(length & 127) | 128, ...remainingLength(length >> 7)];
}
