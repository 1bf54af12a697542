import { hash } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { StasisError } from '@stasis/errors';
import { ByteReader, ByteWriter, malformed } from './bytes.ts';
import { formatVersion, idBytes, imageMagic } from './format.ts';
import { decodeBody, encodeBody, type StoredImage } from './imageBody.ts';
import { type KeyRing, unwrapKey, wrapKey, wrappedBytes } from './keyRing.ts';
import { changed, newKey, open, seal } from './sealing.ts';

const sealedFlag = 1;
const digestBytes = 32;
const maxBodyBytes = 1 << 30;

/** What an image object says without a key: enough for gc, and for a rotation of keys. */
export interface ImageHead {
  readonly id: string;
  readonly sealed: boolean;
  readonly packIds: readonly string[];
  /** Of the key-encryption key; absent in a plain store. */
  readonly keyId?: string;
}

/** The object that makes an image visible: head, then the body, compressed and (in a store with a key) sealed. */
export function encodeImage(image: StoredImage, ring: KeyRing | undefined): Buffer {
  const { sealed } = image.table;
  const out = new ByteWriter();
  out.bytes(imageMagic);
  out.u16(formatVersion);
  out.u16(sealed ? sealedFlag : 0);
  out.string(image.id);
  out.varint(image.table.packs.length);
  for (const { id } of image.table.packs) out.bytes(Buffer.from(id, 'hex'));
  const bound = Buffer.from(out.done());
  const body = zstdCompressSync(encodeBody(image), { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  if (sealed) {
    const key = newKey();
    out.bytes(wrapKey(needed(ring), key, bound));
    out.bytes(seal(key, 0, body, bound));
  } else out.bytes(body);
  out.bytes(hash('sha256', out.done(), 'buffer'));
  return out.done();
}

/** @throws StasisError IntegrityMismatch, ImageIncomplete when it is shorter than any image, NotSupported, ConfigInvalid for a key that is not at hand */
export function decodeImage(bytes: Buffer, id: string, ring: KeyRing | undefined): StoredImage {
  const { head, from, bound } = readHead(bytes, id);
  const wrapped = head.sealed ? from.bytes(wrappedBytes) : undefined;
  const rest = from.bytes(bytes.length - digestBytes - from.at);
  const body = wrapped ? open(unwrapKey(needed(ring), wrapped, bound), 0, rest, bound) : rest;
  let plain: Buffer;
  try {
    plain = zstdDecompressSync(body, { maxOutputLength: maxBodyBytes });
  } catch (error) {
    throw changed(error);
  }
  return decodeBody(plain, id, head.sealed, head.packIds);
}

/** Needs no key. @throws StasisError IntegrityMismatch, NotSupported */
export function decodeImageHead(bytes: Buffer, id: string): ImageHead {
  const { head, from } = readHead(bytes, id);
  return head.sealed ? { ...head, keyId: from.bytes(8).toString('hex') } : head;
}

/** The same image with its key wrapped by the ring's first key. The body is not touched. */
export function rewrapImage(bytes: Buffer, id: string, ring: KeyRing): Buffer {
  const { head, from, bound } = readHead(bytes, id);
  if (!head.sealed) return bytes;
  const key = unwrapKey(ring, from.bytes(wrappedBytes), bound);
  const rest = from.bytes(bytes.length - digestBytes - from.at);
  const content = Buffer.concat([bound, wrapKey(ring, key, bound), rest]);
  return Buffer.concat([content, hash('sha256', content, 'buffer')]);
}

function readHead(bytes: Buffer, id: string): { head: ImageHead; from: ByteReader; bound: Buffer } {
  const end = bytes.length - digestBytes;
  if (end < 0 || !hash('sha256', bytes.subarray(0, end), 'buffer').equals(bytes.subarray(end))) throw changed();
  const from = new ByteReader(bytes.subarray(0, end));
  if (!from.bytes(imageMagic.length).equals(imageMagic)) throw malformed('another mark at its start');
  const version = from.u16();
  const flags = from.u16();
  if (version !== formatVersion || (flags & ~sealedFlag) !== 0)
    throw new StasisError('NotSupported', `it has the format ${version}.${flags}, which this version does not know`, {
      next: 'Use the version of Stasis that wrote it, or a later one.',
    });
  const found = from.string();
  if (found !== id) throw new StasisError('IntegrityMismatch', `it is the object of image ${found}`);
  const packIds = Array.from({ length: from.count() }, () => from.bytes(idBytes).toString('hex'));
  const head = { id, sealed: (flags & sealedFlag) !== 0, packIds };
  return { head, from, bound: Buffer.from(bytes.subarray(0, from.at)) };
}

function needed(ring: KeyRing | undefined): KeyRing {
  if (ring !== undefined) return ring;
  throw new StasisError('ConfigInvalid', 'it is encrypted, and no store key is at hand', {
    next: 'Set STASIS_STORE_KEY to the key file with which it was stored.',
  });
}
