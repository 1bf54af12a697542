import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrnoException } from './errno.ts';
import type { AgentParts } from '@stasis/agent';
import type { Cause } from '@stasis/events';
import type { Manifest } from '@stasis/image';
import { hostFacts } from '@stasis/runtime';
import { compareSpecs, type OciSpec } from '@stasis/spec';
import { findContainer } from './containerJob.ts';

export interface Preflight {
  /** Everything that speaks against the restore; empty = go on. */
  readonly reasons: Cause[];
  readonly warnings: string[];
  readonly spec?: OciSpec;
}

/** Whether the name is free on the node. */
export async function nameObjection(parts: AgentParts, name: string): Promise<Cause[]> {
  const taken = await findContainer(parts, name);
  if (taken === undefined) return [];
  return [{ reason: 'NameTaken', message: `container "${name}" exists on this node and is ${taken.container.status}` }];
}

/** Everything that can be told from the image before anything is created, all at once. */
export function checkImage(parts: AgentParts, manifest: Manifest, imageDir: string): Preflight {
  const spec = readConfig(imageDir);
  if (spec === undefined)
    return {
      reasons: [
        ...machineObjections(parts, manifest),
        { reason: 'ImageIncomplete', message: 'the image holds no config.json, so no bundle can be made from it' },
      ],
      warnings: [],
    };
  const { refused, warned } = compareSpecs(manifest.spec, spec);
  const fields = [...refused.map(({ message }) => message), ...missingPaths(spec)];
  return {
    reasons: [
      ...machineObjections(parts, manifest),
      ...(fields.length === 0 ? [] : [{ reason: 'SpecMismatch' as const, message: fields.join('; ') }]),
    ],
    warnings: warned.map(({ message }) => message),
    spec,
  };
}

function machineObjections({ info }: AgentParts, { runtime, host }: Manifest): Cause[] {
  const reasons: Cause[] = [];
  if (runtime.name !== info.name || runtime.version !== info.version)
    reasons.push({
      reason: 'RuntimeMismatch',
      message: `the image was written by ${runtime.name} ${runtime.version}, this node has ${info.name} ${info.version}`,
    });
  const here = hostFacts();
  const features = new Set(here.cpuFeatures);
  const missing = host.cpuFeatures.filter((feature) => !features.has(feature));
  if (host.architecture !== here.architecture)
    reasons.push({
      reason: 'CpuFeatureMissing',
      message: `the image was written on ${host.architecture}, this node is ${here.architecture}`,
    });
  else if (missing.length > 0)
    reasons.push({ reason: 'CpuFeatureMissing', message: `the CPU of this node lacks ${missing.join(', ')}` });
  return reasons;
}

/** Paths of the spec that this node does not have, by JSON pointer. */
function missingPaths(spec: OciSpec): string[] {
  const missing: string[] = [];
  if (spec.root !== undefined && !existsSync(spec.root.path))
    missing.push(`/root/path is ${spec.root.path}, which this node does not have`);
  for (const [i, { type, source }] of (spec.mounts ?? []).entries())
    if (type === 'bind' && source !== undefined && !existsSync(source))
      missing.push(`/mounts/${i}/source is ${source}, which this node does not have`);
  return missing;
}

function readConfig(imageDir: string): OciSpec | undefined {
  try {
    return JSON.parse(readFileSync(join(imageDir, 'config.json'), 'utf8')) as OciSpec;
  } catch (error) {
    if (isErrnoException(error, 'ENOENT')) return undefined;
    throw error;
  }
}
