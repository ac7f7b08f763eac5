/**
 * Which targets of an upstream are worth asking, as far as all instances know together. Nobody is probed: a call that fails
 * is noted in the background, and what was noted comes with the one answer of the store that admits a call. A store that
 * does not answer says nothing against any target.
 */
import type { Call } from "../core/call.ts";
import type { Clock, Emit } from "../core/events.ts";
import type { Batch, TargetHealth } from "../core/stores.ts";
import type { Target } from "../core/upstream.ts";

/** A store that did not answer is not asked again for so long, ms: a call that needs nothing else of it must not wait for it. */
const UNASKED_MS = 2000;

/** The room's part in what is known of targets. */
export type Health = {
  /** Puts the question to a batch; the function it gives back waits for the answer. That one never throws. */
  targets: (call: Call, batch: Pick<Batch, "add">) => () => Promise<Call["out"]>;
  /** Notes in the background that a target has failed. */
  note: (call: Call, target: Target) => void;
};

/** Makes it. */
export function makeHealth(store: TargetHealth, emit: Emit, clock: Clock): Health {
  let unaskedUntil = 0;
  return {
    targets({ route }, batch) {
      const { name, health } = route.upstream;
      if (!health || clock() < unaskedUntil) return () => Promise.resolve(undefined);
      const asked = batch.add(store.out(name)).catch((error: unknown) => {
        unaskedUntil = clock() + UNASKED_MS;
        emit({ event: "targets_unknown", level: "warn", upstream: name, error: String(error) });
        return undefined;
      });
      return () => asked;
    },
    note({ route: { upstream }, waitUntil }, target) {
      if (!upstream.health) return;
      const told = { level: "warn", upstream: upstream.name, target: target.base.href } as const;
      const noted = store.failed(upstream, target).then(
        (ejected) => {
          if (ejected) emit({ event: "target_ejected", ...told, forMs: upstream.health?.ejectMs });
        },
        (error: unknown) => emit({ event: "target_failure_unnoted", ...told, error: String(error) }),
      );
      waitUntil(noted);
    },
  };
}
