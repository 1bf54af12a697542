import { randomBytes } from 'node:crypto';

/** A new token: 256 random bits behind a prefix by which scanners and the log's mask know it. */
export const newSecret = (): string => `stasis_${randomBytes(32).toString('base64url')}`;

/** Tokens of this api, and JWTs: header and payload begin as `{"` does in base64url. */
const secrets = /stasis_[A-Za-z0-9_-]{43}|eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/g;

/** Whether a text holds something that looks like a token. */
export const holdsSecret = (text: string): boolean => text.search(secrets) >= 0;

/** The text with every token in it made unreadable. */
export const masked = (text: string): string =>
  text.replaceAll(secrets, (secret) => (secret.startsWith('stasis_') ? 'stasis_***' : 'jwt_***'));
