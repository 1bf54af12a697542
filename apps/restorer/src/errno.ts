/** Whether the system said exactly this. */
export const isErrnoException = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
