/** Many callers at once: as many as keep six instances busy, and no more. */

/** Does the work so many times, that many at a time; gives what came of it. */
export async function crowd<T>(
  times: number,
  together: number,
  work: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < times; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: together }, worker));
  return results;
}
