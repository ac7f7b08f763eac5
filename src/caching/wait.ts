/** Waiting for an answer that another call is asking for, perhaps in another isolate. */
import { type Found, isHit, type Storing, weigh } from "./look.ts";

/** Pauses between looks, ms: short at first, since most upstreams are quick. */
const FIRST_MS = 20;
const LONGEST_MS = 250;
const GROWTH = 1.5;

/**
 * Looks again until the answer is there, this call is to ask the upstream itself, or the wait is over. A store that fails
 * meanwhile ends it. Gives what was found last.
 */
export async function follow(found: Found, storing: Storing): Promise<Found> {
  const { seeking } = found;
  const until = Date.now() + seeking.rules.waitMs;
  let last = found;
  for (let pause = FIRST_MS; Date.now() < until; pause = Math.min(pause * GROWTH, LONGEST_MS)) {
    // Those who came together do not all look together.
    const jittered = pause * (0.5 + Math.random());
    await new Promise((resolve) => setTimeout(resolve, Math.min(jittered, until - Date.now())));
    if (seeking.call.request.signal?.aborted) return last;
    const reply = await storing.store.lookAgain(seeking.lookup).catch(() => undefined);
    if (!reply) return last;
    last = weigh(seeking, reply, storing);
    if (isHit(last) || reply.turn.kind !== "follow") return last;
  }
  return last;
}
