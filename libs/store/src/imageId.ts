import { randomBytes } from 'node:crypto';
import { StasisError } from '@stasis/errors';

const form = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

export const isImageId = (id: string): boolean => form.test(id);

/** An id becomes a name in a directory or a key in a bucket, so only harmless ones pass. @throws StasisError BadRequest */
export function checkImageId(id: string): void {
  if (typeof id === 'string' && form.test(id)) return;
  throw new StasisError('BadRequest', `${JSON.stringify(id)} is not an image id`, {
    next: 'An image id is a checkpoint id: up to 128 letters, digits, _ and -.',
  });
}

/** For an image that is no checkpoint of the platform; ids sort by time. */
export const newImageId = (): string =>
  `img_${Date.now().toString(16).padStart(12, '0')}${randomBytes(10).toString('hex')}`;
