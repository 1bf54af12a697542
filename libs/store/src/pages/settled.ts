/** Waits for all, whatever becomes of them, so that nothing goes on behind a failure; then throws the first. */
export async function settled(all: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(all)).find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
