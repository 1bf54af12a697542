import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';
import { normaliseSpec } from './normaliseSpec.ts';
import type { OciSpec } from './ociSpec.ts';
import { redactSpec } from './redactSpec.ts';

/**
 * `sha256:<hex>` of the RFC 8785 bytes of the normalised, redacted spec: the same for config.json as it was written and
 * for the copy frozen in a manifest.
 */
export function specDigest(spec: OciSpec): string {
  const text = canonicalize(redactSpec(normaliseSpec(spec)));
  return `sha256:${bytesToHex(sha256(utf8ToBytes(text ?? '')))}`;
}
