/** A hook's time, and what is said of one that failed. */

/** What the work gives, or a rejection when it takes longer. What comes after that is not heard. */
export function within<T>(ms: number, work: () => T | Promise<T>): Promise<T> {
  const working = Promise.resolve().then(work);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${ms} ms`)), ms);
  });
  // The race hears them both, also the one that comes in second.
  return Promise.race([working, late]).finally(() => clearTimeout(timer));
}

/** The same promise, whose failure is nobody's unless it is waited for: a forgotten `await` must not end a server. */
export function quiet<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

/** Whatever was thrown, as a line for the log. */
export function told(thrown: unknown): string {
  try {
    const text = thrown instanceof Error ? (thrown.stack ?? String(thrown)) : String(thrown);
    return text.slice(0, 1000);
  } catch {
    return "something that cannot be shown";
  }
}
