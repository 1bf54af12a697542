import { randomBytes } from 'node:crypto';

/** A new token: 256 random bits behind a prefix by which scanners and the log's mask know it. */
export const newSecret = (): string => `stasis_${randomBytes(32).toString('base64url')}`;

const secrets = /stasis_[A-Za-z0-9_-]{43}/g;

/** Whether a text holds something that looks like a token. */
export const holdsSecret = (text: string): boolean => text.search(secrets) >= 0;

/** The text with every token in it made unreadable. */
export const masked = (text: string): string => text.replaceAll(secrets, 'stasis_***');
