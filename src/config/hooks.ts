/** The hooks of a route: its own, and the global ones for the rest. */
import type { RouteHooks } from "../core/hooks.ts";
import type { Fault } from "./faults.ts";
import { checkDuration } from "./limits.ts";
import type { RawConfig } from "./schema.ts";

const DEFAULT_TIMEOUT = "5s";
/** Somebody waits for the answer, ms. */
const LONGEST_MS = 60_000;

/** Undefined where there are none. */
export function checkHooks(
  { hooks: own }: RawConfig["routes"][string],
  routePath: string,
  { hooks: all }: RawConfig,
  faults: Fault[],
): RouteHooks | undefined {
  const given = { ...all, ...own };
  const { timeout = DEFAULT_TIMEOUT, ...hooks } = given;
  const path = own?.timeout === undefined ? "hooks.timeout" : `${routePath}.hooks.timeout`;
  const timeoutMs = checkDuration(timeout, path, LONGEST_MS, faults);
  if (own?.timeout !== undefined && !Object.values(hooks).some(Boolean)) {
    faults.push({ path, message: "limits hooks, and there are none", fix: "leave it out, or add a hook" });
  }
  return Object.values(hooks).some(Boolean) ? { ...hooks, timeoutMs } : undefined;
}
