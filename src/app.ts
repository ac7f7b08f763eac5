/** The Hono shell: compiles the configuration once per isolate, and is the only place where a failure is rendered. */
import { type Context, Hono } from "hono";
import { DASHBOARD_PATHS, PURGE_PATH, readWish } from "./admin.ts";
import { compose } from "./compose.ts";
import type { ConfigSource, Env } from "./config/define.ts";
import { ConfigError } from "./config/faults.ts";
import { load } from "./config/load.ts";
import type { Arrival } from "./core/arrival.ts";
import type { ErrorCode } from "./core/error-codes.ts";
import { GatewayError, toGatewayError } from "./core/errors.ts";
import type { Emit } from "./core/events.ts";
import type { Reconciled } from "./core/ports.ts";
import { problemOf } from "./core/problem.ts";
import type { Rooms } from "./core/rooms.ts";
import type { Compiled } from "./core/route.ts";
import { composeDashboard, composePurge, composeReconcile } from "./errands.ts";
import { serve } from "./gateway.ts";
import { describe, log } from "./observability/log.ts";

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

/** What the operator has decided, whatever the status: nothing has failed. */
const DECIDED: ReadonlySet<string> = new Set<ErrorCode>(["rejected", "maintenance"]);

/**
 * The gateway as a Hono app. Nothing is read, checked or requested before the first request: platforms hand out their
 * variables with it. A configuration with faults answers 500 `config_invalid` and logs all of them.
 */
export function createTollbooth(config: ConfigSource, options: TollboothOptions): Tollbooth {
  const { platform } = options;
  const emit = harmless(options.emit ?? log);
  const app = new Hono();
  let compiled: { env: Env; loaded: Compiled; rooms: Rooms } | undefined;

  /** Kept by value: a promise of one request must not be awaited by another on Workers. */
  async function compiledFor(env: Env) {
    if (compiled?.env === env) return compiled;
    const loaded = await load(config, env);
    compiled = { env, loaded, rooms: compose(loaded, emit, Date.now) };
    return compiled;
  }

  app.all(PURGE_PATH, async (c, next) => {
    const { loaded } = await compiledFor(platform(c).env);
    if (!loaded.adminToken) return next();
    const purged = await composePurge(loaded)(await readWish(c.req.raw, loaded.adminToken));
    emit({ event: "cache_purged", level: "info", ...purged });
    return c.json(purged);
  });

  app.on(["GET", "HEAD", "POST", "PUT", "DELETE"], DASHBOARD_PATHS, async (c, next) => {
    const { loaded } = await compiledFor(platform(c).env);
    return loaded.adminToken ? composeDashboard(loaded, loaded.adminToken)(c.req.raw) : next();
  });

  app.all("*", async (c) => {
    const { env, ...arrival } = platform(c);
    const { rooms } = await compiledFor(env);
    const request = c.req.raw;
    const preflight = rooms.preflight(request);
    if (preflight) return preflight;
    const failed = (thrown: unknown) => render(toGatewayError(thrown), c, emit);
    return rooms.dress(request, await serve(rooms, { request, ...arrival }).catch(failed));
  });

  app.onError((thrown, c) => {
    const known =
      thrown instanceof ConfigError ? new GatewayError("config_invalid", { cause: thrown }) : thrown;
    return render(toGatewayError(known), c, emit);
  });

  async function reconcile(env: Env): Promise<Reconciled | undefined> {
    try {
      const { loaded } = await compiledFor(env);
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

/** A log that is down must not change what becomes of a payment. */
function harmless(emit: Emit): Emit {
  return (event) => {
    try {
      emit(event);
    } catch (error) {
      console.error(String(error));
    }
  };
}

/** A problem document. What only the operator may know goes to the log under the same id. */
function render(error: GatewayError, c: Context, emit: Emit): Response {
  const id = crypto.randomUUID();
  const { details, status } = error;
  if (status >= 500 && !DECIDED.has(error.code)) {
    const { pathname } = new URL(c.req.url);
    emit({
      event: "request_failed",
      level: "error",
      code: error.code,
      id,
      path: pathname,
      cause: describe(details.cause),
    });
  }
  const { body: text = JSON.stringify(problemOf(error, id)), type = "application/problem+json" } =
    details.answer ?? {};
  return new Response(c.req.method === "HEAD" ? null : text, {
    status,
    headers: { "cache-control": "no-store", ...details.headers, "content-type": type },
  });
}
