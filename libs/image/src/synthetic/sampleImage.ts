import { mkdir } from 'node:fs/promises';
import { type ImageMeta, sealImage, type SealedImage } from '../sealImage.ts';
import { writeRuntimeFiles } from './writeRuntimeFiles.ts';

/** What a test says of an image when it does not matter. */
export const sampleMeta: ImageMeta = {
  container: { id: 'web-1', node: 'node-a', run: 'run-1' },
  capturedAt: '2026-11-24T12:00:00.000Z',
  runtime: { name: 'simulated', version: 'simulated-1', platform: 'simulated' },
  host: { architecture: 'x64', cpuFeatures: ['avx', 'sse'], cpuModel: 'a CPU', kernel: '6.1.0' },
  compression: 'none',
  spec: { ociVersion: '1.0.0', process: { args: ['/bin/true'], cwd: '/' } },
};

/** Makes `dir` with a small sealed image; another `fill` makes another image. */
export async function sealSampleImage(dir: string, fill = 1, pageBytes = 8192): Promise<SealedImage> {
  await mkdir(dir, { recursive: true });
  await writeRuntimeFiles(dir, { pages: Buffer.alloc(pageBytes, fill) });
  return sealImage(dir, sampleMeta);
}
