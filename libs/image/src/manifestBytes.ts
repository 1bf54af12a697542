import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { messageOf, StasisError } from '@stasis/errors';
import { type Manifest, manifestFileName } from './manifest.ts';
import { checkManifestShape } from './manifestShape.ts';

/** Larger manifests are refused unread: a spec is kilobytes. */
export const maxManifestBytes = 16 << 20;

export const sha256Of = (bytes: Uint8Array | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** `self` of a manifest: the digest of its RFC 8785 bytes without `self`. */
export const selfDigest = (manifest: Omit<Manifest, 'self'>): string => {
  const { self: _, ...rest } = manifest as Manifest;
  return sha256Of(canonical(rest));
};

/** The bytes of manifest.json. */
export const manifestBytes = (manifest: Manifest): Uint8Array => Buffer.from(canonical(manifest), 'utf8');

/**
 * A manifest from the bytes of manifest.json, checked for everything that can be told from them alone: strict shape,
 * known format, confined file names, canonical form, `self`.
 * @throws StasisError IntegrityMismatch naming manifest.json
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw mismatch(`is not JSON: ${messageOf(error)}`);
  }
  const fault = checkManifestShape(value);
  if (fault !== undefined) throw mismatch(fault);
  const manifest = value as Manifest;
  if (!Buffer.from(bytes).equals(manifestBytes(manifest)))
    throw mismatch('is not in the canonical form (RFC 8785) in which it was sealed');
  if (selfDigest(manifest) !== manifest.self) throw mismatch('was changed after it was sealed: `self` does not match');
  return manifest;
}

const mismatch = (what: string): StasisError =>
  new StasisError('IntegrityMismatch', `${manifestFileName} ${what}`, {
    details: [{ field: manifestFileName, message: what }],
    next: 'Use another checkpoint, or fetch this image again from the store.',
  });

function canonical(value: object): string {
  const text = canonicalize(value);
  if (text === undefined) throw new StasisError('Internal', `${manifestFileName} cannot be written as JSON`);
  return text;
}
