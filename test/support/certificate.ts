import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A self-signed TLS certificate, valid today, for this name and 127.0.0.1. Both as PEM. */
export function selfSignedCertificate(name = 'localhost'): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid('2a8648ce3d040302')); // ecdsa-with-SHA256
  const who = sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from(name))))); // CN
  const alternatives = sequence(
    tlv(0x82, Buffer.from(name)), // DNS name
    tlv(0x87, Buffer.from([127, 0, 0, 1])), // IP address
  );
  // RFC 5280 §4.1
  const certificate = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))), // version 3
    tlv(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])), // serial number
    algorithm,
    who,
    sequence(time(-86_400_000), time(86_400_000)),
    who,
    publicKey.export({ format: 'der', type: 'spki' }),
    tlv(0xa3, sequence(sequence(oid('551d11'), tlv(0x04, alternatives)))), // subjectAltName
  );
  const signature = tlv(
    0x03,
    Buffer.concat([Buffer.from([0]), sign('sha256', certificate, privateKey)]),
  );
  return {
    cert: pem('CERTIFICATE', sequence(certificate, algorithm, signature)),
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
  };
}

/** Tag, length and value in DER. */
function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}

function sequence(...members: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(members));
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'));
}

/** GeneralizedTime, so many milliseconds from now. */
function time(fromNow: number): Buffer {
  const text = new Date(Date.now() + fromNow).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return tlv(0x18, Buffer.from(text));
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
