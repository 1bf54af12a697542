/** The part of pino that this app uses: an object with fields, then a sentence. Tokens and reasons never go in. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
