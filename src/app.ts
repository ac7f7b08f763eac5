/** The Hono shell: compiles the configuration once per isolate, and is the only place where a failure is rendered. */
import { type Context, Hono } from "hono";
import { compose } from "./compose.ts";
import type { ConfigSource, Env } from "./config/define.ts";
import { ConfigError } from "./config/faults.ts";
import { load } from "./config/load.ts";
import type { Arrival } from "./core/arrival.ts";
import { GatewayError, toGatewayError } from "./core/errors.ts";
import type { Emit } from "./core/events.ts";
import { UNCOUNTED } from "./core/metrics.ts";
import type { LogLevel, Observation } from "./core/observation.ts";
import type { Reconciled } from "./core/ports.ts";
import { problemOf } from "./core/problem.ts";
import type { Rooms } from "./core/rooms.ts";
import type { Compiled } from "./core/route.ts";
import { type Endpoint, makeEndpoints } from "./endpoints.ts";
import { composeReconcile } from "./errands.ts";
import { serve } from "./gateway.ts";
import { describe, filtered, log } from "./observability/log.ts";
import { makeObserver, noteFailure, type Observer, openSheet } from "./observability/observe.ts";
import { lineOf } from "./observability/report.ts";

/** What a platform adds to a request: its variables, and what it knows of the connection. */
export type Platform = (c: Context) => { env: Env } & Omit<Arrival, "request" | "via" | "origin">;

/** Choices of the code around the gateway; the configuration is about what is sold. */
export type TollboothOptions = {
  /** From `tollbooth-edge/cloudflare`, `/vercel` or `/node`. */
  platform: Platform;
  /** Takes events in place of the JSON lines on the console. */
  emit?: Emit;
};

/** The gateway. */
export type Tollbooth = Hono & {
  /**
   * Looks once into payments that nobody has brought to an end; for a cron. Never throws: failures are logged. Undefined
   * when it failed, or when the configuration has no `rpc` to ask.
   */
  reconcile: (env: Env) => Promise<Reconciled | undefined>;
};

/** A configuration, and what was made of it. */
type Running = {
  env: Env;
  loaded: Compiled;
  rooms: Rooms;
  observer: Observer;
  endpoints: Map<string, Endpoint>;
};

/**
 * The gateway as a Hono app. Nothing is read, checked or requested before the first request: platforms hand out their
 * variables with it. A configuration with faults answers 500 `config_invalid` and logs all of them.
 */
export function createTollbooth(config: ConfigSource, options: TollboothOptions): Tollbooth {
  const { platform } = options;
  let level: LogLevel = "info";
  const emit = filtered(options.emit ?? log, () => level);
  const app = new Hono();
  let running: Running | undefined;

  /** Kept by value: a promise of one request must not be awaited by another on Workers. */
  async function runningFor(env: Env): Promise<Running> {
    if (running?.env === env) return running;
    const loaded = await load(config, env);
    const { observing } = loaded;
    level = observing.logLevel;
    const { rooms, stats, secret } = compose(loaded, emit, Date.now);
    const tally = observing.counting ? stats.tally : UNCOUNTED;
    const flush = observing.counting ? stats.flush : async () => undefined;
    const observer = makeObserver({ observing, tally, flush, emit, clock: Date.now, secret });
    running = { env, loaded, rooms, observer, endpoints: makeEndpoints(loaded, stats, emit) };
    return running;
  }

  async function answer(c: Context, sheet: Observation): Promise<Response> {
    const { env, ...platformed } = platform(c);
    const request = c.req.raw;
    const { rooms, observer, endpoints } = await runningFor(env);
    const arrival = observer.meet(sheet, { request, ...platformed });
    const failed = (thrown: unknown) => refuse(sheet, thrown);
    const endpoint = endpoints.get(sheet.path);
    const own = endpoint ? await endpoint(request).catch(failed) : rooms.preflight(request);
    sheet.own = own !== undefined;
    const response =
      own ?? rooms.dress(request, await serve(observer.watch(rooms, sheet), arrival).catch(failed));
    observer.tell(sheet, response, arrival);
    return response;
  }

  app.all("*", async (c) => {
    const sheet = openSheet(c.req.raw, Date.now());
    return answer(c, sheet).catch(async (thrown) => {
      const known =
        thrown instanceof ConfigError ? new GatewayError("config_invalid", { cause: thrown }) : thrown;
      const response = refuse(sheet, known);
      // Nobody else is there to tell.
      emit(await lineOf({ ...sheet, status: response.status, durationMs: Date.now() - sheet.at }, sheet.id));
      return response;
    });
  });

  async function reconcile(env: Env): Promise<Reconciled | undefined> {
    try {
      const { loaded } = await runningFor(env);
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

/** A problem document. What only the operator may know is noted on the sheet, which has the same id. */
function refuse(sheet: Observation, thrown: unknown): Response {
  const error = toGatewayError(thrown);
  noteFailure(sheet, error);
  const { details, status } = error;
  const { body: text = JSON.stringify(problemOf(error, sheet.id)), type = "application/problem+json" } =
    details.answer ?? {};
  return new Response(sheet.method === "HEAD" ? null : text, {
    status,
    headers: { "cache-control": "no-store", ...details.headers, "content-type": type },
  });
}
