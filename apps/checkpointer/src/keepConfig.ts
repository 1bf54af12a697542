import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { StasisError } from '@stasis/errors';
import type { OciSpec } from '@stasis/spec';
import type { RuntimeContainer } from '@stasis/runtime';

/** The bundle's config.json as a file of the image: the manifest has it redacted, and a restore elsewhere needs it whole. */
export const configFileName = 'config.json';

/**
 * Writes the container's spec into the attempt (0600). Taken from the bundle, since a runtime rewrites the copy it keeps;
 * from that copy where the bundle is gone. Relative paths are made absolute, as runsc does: the image leaves its bundle.
 * Idempotent.
 */
export function keepConfig(dir: string, bundle: string, container: RuntimeContainer | undefined): OciSpec {
  const file = join(dir, configFileName);
  const kept = read(file);
  if (kept !== undefined) return kept;
  const spec = read(join(bundle, configFileName)) ?? container?.spec;
  if (spec === undefined)
    throw new StasisError(
      'RuntimeFailed',
      `the bundle ${bundle} has no config.json, so the image could not be restored`,
    );
  const whole = withAbsolutePaths(spec, bundle);
  writeFileSync(file, JSON.stringify(whole, null, 2), { mode: 0o600 });
  return whole;
}

function read(file: string): OciSpec | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as OciSpec;
  } catch (error) {
    // A file cut by a crash is written again.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** gvisor runsc/specutils: root.path and the sources of bind mounts are relative to the bundle. */
function withAbsolutePaths(spec: OciSpec, bundle: string): OciSpec {
  return {
    ...spec,
    ...(spec.root && { root: { ...spec.root, path: resolve(bundle, spec.root.path) } }),
    ...(spec.mounts && {
      mounts: spec.mounts.map((mount) =>
        mount.type === 'bind' && mount.source !== undefined
          ? { ...mount, source: resolve(bundle, mount.source) }
          : mount,
      ),
    }),
  };
}
