/**
 * The part of the OCI runtime spec's config.json (v1.2) that Stasis reads by name; everything else is carried along
 * untouched and compared structurally. Source: opencontainers/runtime-spec, config.md.
 */
export interface OciSpec {
  readonly ociVersion: string;
  readonly process?: {
    readonly terminal?: boolean;
    readonly user?: { readonly uid?: number; readonly gid?: number; readonly [key: string]: unknown };
    readonly args?: readonly string[];
    readonly env?: readonly string[];
    readonly cwd?: string;
    readonly [key: string]: unknown;
  };
  readonly root?: { readonly path: string; readonly readonly?: boolean };
  readonly hostname?: string;
  readonly mounts?: readonly OciMount[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly linux?: {
    readonly namespaces?: readonly { readonly type: string; readonly path?: string }[];
    readonly cgroupsPath?: string;
    readonly [key: string]: unknown;
  };
  readonly hooks?: unknown;
  readonly [key: string]: unknown;
}

export interface OciMount {
  readonly destination: string;
  readonly type?: string;
  readonly source?: string;
  readonly options?: readonly string[];
  readonly [key: string]: unknown;
}
