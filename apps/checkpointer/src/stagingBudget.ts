/** Bytes that captures under way may still write, by attempt directory: they are not in the file system's figures yet. */
const reserved = new Map<string, { readonly staging: string; readonly bytes: number }>();

/** What others have reserved in a staging directory. */
export const reservedBytes = (staging: string): number =>
  [...reserved.values()].filter((one) => one.staging === staging).reduce((sum, { bytes }) => sum + bytes, 0);

/** Sets bytes aside for an attempt until `releaseStaging`. */
export const reserveStaging = (attemptDir: string, staging: string, bytes: number): void =>
  void reserved.set(attemptDir, { staging, bytes });

/** Idempotent. */
export const releaseStaging = (attemptDir: string): void => void reserved.delete(attemptDir);
