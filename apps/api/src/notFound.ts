import { StasisError } from '@stasis/errors';

export const checkpointNotFound = (id: string): StasisError =>
  new StasisError('CheckpointNotFound', `no checkpoint ${id} is known`, {
    next: 'GET /v1/checkpoints lists those that are.',
  });

export const restoreNotFound = (id: string): StasisError =>
  new StasisError('RestoreNotFound', `no restore ${id} is known`, { next: 'GET /v1/restores lists those that are.' });

export const nodeNotFound = (name: string): StasisError =>
  new StasisError('NodeNotFound', `no node "${name}" has joined`, { next: 'GET /v1/nodes lists those that have.' });

export const tokenNotFound = (id: string): StasisError =>
  new StasisError('TokenNotFound', `no token ${id} is known`, { next: 'GET /v1/tokens lists those that are.' });
