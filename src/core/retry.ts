/** Work in the background that is worth trying again. */

/** Waits before a write to a store is tried again, ms. */
export const RETRY_DELAYS_MS: readonly number[] = [100, 500, 2000, 5000];

/**
 * Waits, tries, and so on until it succeeds or the waits are over; `failed` hears of each failure. Never throws.
 * @returns what the work gave; undefined when it never succeeded
 */
export async function retry<T>(
  work: () => Promise<T>,
  delays: readonly number[],
  failed: (error: unknown) => void = () => undefined,
): Promise<T | undefined> {
  for (const delay of delays) {
    try {
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
      return await work();
    } catch (error) {
      failed(error);
    }
  }
  return undefined;
}
