import type { OciSpec } from '@stasis/spec';

/**
 * `manifest.json` of a sealed image: what was captured, by what, on what, and the digest of every file. It is written as
 * RFC 8785 bytes, and `self` covers all the rest, so that an edit of the manifest itself shows without a server. The
 * digest that events carry (`manifestDigest`) is the SHA-256 of the whole file.
 */
export interface Manifest {
  readonly format: 'stasis.image/v1';
  /** Checkpoint id in the platform; absent for a one-shot checkpoint. */
  readonly checkpoint?: string;
  readonly container: { readonly id: string; readonly node?: string; readonly run: string };
  /** ISO 8601. */
  readonly capturedAt: string;
  readonly runtime: { readonly name: string; readonly version: string; readonly platform: string };
  readonly host: {
    readonly architecture: string;
    readonly cpuFeatures: readonly string[];
    readonly cpuModel: string;
    readonly kernel: string;
  };
  readonly compression: 'none' | 'flate-best-speed';
  /** The spec as the container ran with it, normalised; values of env replaced by digests. */
  readonly spec: OciSpec;
  readonly files: readonly ManifestFile[];
  /** `sha256:<hex>` of the RFC 8785 bytes of this object without `self`. */
  readonly self: string;
}

export interface ManifestFile {
  /** Plain name, no directory. */
  readonly name: string;
  readonly size: number;
  /** `sha256:<hex>`. */
  readonly digest: string;
}

export const manifestFileName = 'manifest.json';
export const checkpointFileName = 'checkpoint.img';
