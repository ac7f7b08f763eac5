/** Routes that are closed for a while: the shape of `maintenance`, and what becomes of it. */
import * as z from "zod/mini";
import type { Maintenance } from "../core/maintenance.ts";
import type { Fault } from "./faults.ts";
import { DurationSchema } from "./limit-schema.ts";
import { checkDuration } from "./limits.ts";

const LONGEST_MS = 31 * 86_400_000;

/** `true`, `false`, or what is told. */
export const MaintenanceSchema = z.union(
  [
    z.boolean(),
    z.strictObject({
      /** Whether it is closed: what else is written here can stay when it is not. */
      enabled: z.boolean(),
      /** 500 to 599. Default 503. */
      status: z.optional(z.int().check(z.minimum(500), z.maximum(599))),
      /** A sentence for clients, in `detail`. */
      message: z.optional(z.string().check(z.minLength(1), z.maxLength(1000))),
      /** When clients may come back, `"10m"` or seconds. Default `"1m"`. */
      retryAfter: z.optional(DurationSchema),
    }),
  ],
  { error: "expected true, false or { enabled, status, message, retryAfter }" },
);

type Raw = z.infer<typeof MaintenanceSchema>;

/** What a route is told to say: its own, or what the whole gateway is. */
export function checkMaintenance(
  own: Raw | undefined,
  shared: Raw | undefined,
  route: string,
  faults: Fault[],
): Maintenance | undefined {
  const [written, path] = own === undefined ? [shared, "maintenance"] : [own, `${route}.maintenance`];
  const given = typeof written === "boolean" ? { enabled: written } : written;
  if (!given) return undefined;
  const { enabled, status = 503, message, retryAfter = "1m" } = given;
  const fresh: Fault[] = [];
  const retryMs = checkDuration(retryAfter, `${path}.retryAfter`, LONGEST_MS, fresh);
  // What is written for the whole gateway is looked at for every route.
  faults.push(...fresh.filter((fault) => !faults.some((known) => known.path === fault.path)));
  return enabled ? { status, message, retryAfterSeconds: Math.ceil(retryMs / 1000) } : undefined;
}
