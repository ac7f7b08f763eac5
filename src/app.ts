/** The Hono shell: compiles the configuration once per isolate, and is the only place where a failure is rendered. */
import { type Context, Hono } from "hono";
import type { ConfigSource, Env } from "./config/define.ts";
import { ConfigError } from "./config/faults.ts";
import type { Arrival } from "./core/arrival.ts";
import { GatewayError, toGatewayError } from "./core/errors.ts";
import type { Emit } from "./core/events.ts";
import type { Observation } from "./core/observation.ts";
import type { Reconciled } from "./core/ports.ts";
import { problemOf } from "./core/problem.ts";
import type { Rooms } from "./core/rooms.ts";
import { type Current, makeCurrent } from "./current.ts";
import type { Endpoint } from "./endpoints.ts";
import { composeReconcile } from "./errands.ts";
import { serve } from "./gateway.ts";
import { aliveWhatever } from "./health.ts";
import { describe, log } from "./observability/log.ts";
import { noteFailure, openSheet } from "./observability/observe.ts";
import { lineOf } from "./observability/report.ts";

/** What a platform adds to a request: its variables, and what it knows of the connection. */
export type Platform = (c: Context) => { env: Env } & Omit<Arrival, "request" | "via" | "origin">;

/** Choices of the code around the gateway; the configuration is about what is sold. */
export type TollboothOptions = {
  /** From `tollbooth-edge/cloudflare`, `/vercel` or `/node`. */
  platform: Platform;
  /** Takes events in place of the JSON lines on the console. */
  emit?: Emit;
  /** Descriptions of upstreams that the configuration names by their files: the default export of `tollbooth specs`. */
  specs?: Record<string, unknown>;
};

/** The gateway. */
export type Tollbooth = Hono & {
  /**
   * Looks once into payments that nobody has brought to an end; for a cron. Never throws: failures are logged. Undefined
   * when it failed, or when the configuration has no `rpc` to ask.
   */
  reconcile: (env: Env) => Promise<Reconciled | undefined>;
};

/**
 * The gateway as a Hono app. Nothing is read, checked or requested before the first request: platforms hand out their
 * variables with it. A configuration with faults answers 500 `config_invalid` and logs all of them.
 */
export function createTollbooth(config: ConfigSource, options: TollboothOptions): Tollbooth {
  const { platform } = options;
  const app = new Hono();
  const current = makeCurrent(config, options.specs, options.emit ?? log);
  const { emit } = current;

  async function answer(c: Context, sheet: Observation): Promise<Response> {
    const { env, ...platformed } = platform(c);
    const request = c.req.raw;
    const { observer } = await current.of(env);
    const arrival = observer.meet(sheet, { request, ...platformed });
    const work = async ({ rooms, endpoints }: Current) => {
      const own = await answerItself(rooms, endpoints.get(sheet.path), arrival, sheet);
      return own ?? rooms.dress(request, await serve(observer.watch(rooms, sheet), arrival));
    };
    const response = await current.answer(env, arrival, work).catch(async (thrown) => {
      const { rooms } = await current.of(env);
      const refused = refuse(sheet, rooms.show(request, toGatewayError(thrown)));
      return sheet.own ? refused : rooms.dress(request, refused);
    });
    observer.tell(sheet, response, arrival);
    return response;
  }

  app.all("*", async (c) => {
    const sheet = openSheet(c.req.raw, Date.now());
    return answer(c, sheet).catch(async (thrown) => {
      const alive = thrown instanceof ConfigError && aliveWhatever(c.req.raw);
      if (alive) return alive;
      const known =
        thrown instanceof ConfigError ? new GatewayError("config_invalid", { cause: thrown }) : thrown;
      const response = refuse(sheet, toGatewayError(known));
      // Nobody else is there to tell.
      emit(await lineOf({ ...sheet, status: response.status, durationMs: Date.now() - sheet.at }, sheet.id));
      return response;
    });
  });

  async function reconcile(env: Env): Promise<Reconciled | undefined> {
    try {
      const { loaded } = await current.of(env);
      // Without a node nothing can be looked up; what metered calls owe can be charged all the same.
      if (Object.keys(loaded.rpc).length === 0 && !loaded.routes.some(({ usage }) => usage)) return undefined;
      const counts = await composeReconcile(loaded, emit)();
      if (counts.seen > 0) emit({ event: "reconciled", level: "info", ...counts });
      return counts;
    } catch (error) {
      emit({ event: "reconcile_failed", level: "error", error: describe(error) });
      return undefined;
    }
  }
  return Object.assign(app, { reconcile });
}

/** What no route answers: the gateway's own paths, what it shows of itself, and what browsers ask before they call. */
async function answerItself(
  rooms: Rooms,
  endpoint: Endpoint | undefined,
  arrival: Arrival,
  sheet: Observation,
): Promise<Response | undefined> {
  const { request, waitUntil } = arrival;
  sheet.own = endpoint !== undefined;
  const own =
    (await endpoint?.(request, waitUntil)) ?? (await rooms.discover(arrival)) ?? rooms.preflight(request);
  sheet.own = own !== undefined;
  return own;
}

/** A problem document. What only the operator may know is noted on the sheet, which has the same id. */
function refuse(sheet: Observation, error: GatewayError): Response {
  noteFailure(sheet, error);
  const { details, status } = error;
  const { body: text = JSON.stringify(problemOf(error, sheet.id)), type = "application/problem+json" } =
    details.answer ?? {};
  return new Response(sheet.method === "HEAD" ? null : text, {
    status,
    headers: { "cache-control": "no-store", ...details.headers, "content-type": type },
  });
}
