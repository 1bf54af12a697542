import { generateKeyPairSync, sign } from 'node:crypto';

/**
 * A certificate for 127.0.0.1 and localhost that is its own authority, with its key, both PEM; good for one day. The
 * shape is RFC 5280, section 4.1, and no more of it than TLS needs; for tests only.
 */
export function selfSigned(now: Date = new Date()): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid('2a8648ce3d040302')); // ecdsa-with-SHA256
  const name = sequence(der(0x31, sequence(oid('550403'), der(0x0c, 'stasis test'))));
  const dayMs = 86_400_000;
  const extensions = sequence(
    sequence(oid('551d13'), der(0x01, Buffer.of(0xff)), der(0x04, sequence(der(0x01, Buffer.of(0xff))))), // a CA
    sequence(oid('551d11'), der(0x04, sequence(der(0x82, 'localhost'), der(0x87, Buffer.of(127, 0, 0, 1))))),
  );
  const content = sequence(
    der(0xa0, der(0x02, Buffer.of(2))), // v3
    der(0x02, Buffer.of(1)),
    algorithm,
    name,
    sequence(utcTime(new Date(now.getTime() - dayMs / 24)), utcTime(new Date(now.getTime() + dayMs))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
  const signature = sign('sha256', content, privateKey);
  const whole = sequence(content, algorithm, der(0x03, Buffer.concat([Buffer.of(0), signature])));
  return { cert: pem('CERTIFICATE', whole), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function der(tag: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  const length =
    bytes.length < 0x80 ? Buffer.of(bytes.length) : Buffer.of(0x82, bytes.length >> 8, bytes.length & 0xff);
  return Buffer.concat([Buffer.of(tag), length, bytes]);
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const utcTime = (date: Date): Buffer => der(0x17, `${date.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`);

const pem = (label: string, bytes: Buffer): string =>
  `-----BEGIN ${label}-----\n${bytes.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()}\n-----END ${label}-----\n`;
