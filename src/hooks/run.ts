/** One hook, run: with what it may know, within its time, and with what it may want. */
import type { Call } from "../core/call.ts";
import { within } from "../core/deadline.ts";
import { GatewayError } from "../core/errors.ts";
import { about } from "../core/events.ts";
import type { HookName } from "../core/hooks.ts";
import { baseOf, type Means } from "./context.ts";
import { readResult, type Will } from "./results.ts";
import { told } from "./told.ts";

/** What the hook wants; undefined when it failed, which is logged. Never throws. */
export type Run = (name: HookName, call: Call, facts: object) => Promise<Will | undefined>;

/** Makes it. */
export function makeRun(means: Means): Run {
  return async function run(name, call, facts) {
    const { hooks } = call.route;
    // Each gets the facts that its type names; `Hooks` keeps them apart for whoever writes one.
    const hook = hooks?.[name] as ((context: object) => unknown) | undefined;
    if (!hooks || !hook) return {};
    try {
      const context = Object.freeze({ ...baseOf(call, name, means), ...facts });
      return readResult(name, await within(hooks.timeoutMs, () => hook(context)));
    } catch (error) {
      // A body that cannot be read is the client's failure, not the hook's.
      if (error instanceof GatewayError && error.code.startsWith("body_")) throw error;
      means.emit({ event: "hook_failed", level: "error", ...about(call), hook: name, error: told(error) });
      return undefined;
    }
  };
}
