/** What is said of a hook that failed, and promises of its that nobody waits for. */

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
