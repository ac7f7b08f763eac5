/**
 * The configuration as it is now: compiled with the first request of an isolate, and anew when more is known of the upstreams
 * that describe themselves at a URL.
 */
import { compose, composeSpecs } from "./compose.ts";
import type { ConfigSource, Env } from "./config/define.ts";
import { checkDocument } from "./config/document.ts";
import { load } from "./config/load.ts";
import type { Arrival } from "./core/arrival.ts";
import type { Compiled } from "./core/compiled.ts";
import { GatewayError } from "./core/errors.ts";
import type { Emit } from "./core/events.ts";
import { DISCOVERY_PATHS } from "./core/listing.ts";
import { UNCOUNTED } from "./core/metrics.ts";
import type { Rooms } from "./core/rooms.ts";
import type { Specs } from "./core/specs.ts";
import { type Endpoint, makeEndpoints } from "./endpoints.ts";
import { describe, filtered } from "./observability/log.ts";
import { makeObserver, type Observer } from "./observability/observe.ts";

/** Everything that is made of the configuration. */
export type Current = {
  env: Env;
  loaded: Compiled;
  rooms: Rooms;
  observer: Observer;
  endpoints: Map<string, Endpoint>;
  specs: Specs | undefined;
  revision: number;
};

/** How a call is answered by whatever is compiled; may be asked twice. */
type Work = (current: Current) => Promise<Response>;

/** Keeps the compiled configuration. Kept by value: a promise of one request must not be awaited by another on Workers. */
export function makeCurrent(config: ConfigSource, files: Record<string, unknown> | undefined, sink: Emit) {
  let current: Current | undefined;
  const emit = filtered(sink, () => current?.loaded.observing.logLevel ?? "info");

  function tell({ leftOut }: Compiled): void {
    if (leftOut.length === 0) return;
    const [...some] = leftOut.slice(0, 20).map(({ operation, reason }) => `${operation}: ${reason}`);
    emit({ event: "openapi_left_out", level: "warn", operations: leftOut.length, some });
  }

  /** @throws ConfigError */
  async function of(env: Env): Promise<Current> {
    const same = current?.env === env ? current : undefined;
    const revision = same?.specs?.revision() ?? 0;
    if (same?.revision === revision) return same;
    try {
      const loaded = await load(config, env, { files, urls: same?.specs?.known() ?? {} });
      tell(loaded);
      const check = (document: unknown) => {
        const found = checkDocument(document);
        return typeof found === "string" ? found : undefined;
      };
      // Of the first calls, each compiles by itself, and all use what was there first: rooms remember what they were told.
      const meanwhile = current?.env === env ? current : undefined;
      if (meanwhile && meanwhile.revision >= revision) return meanwhile;
      const specs = meanwhile?.specs ?? composeSpecs(loaded, { check, emit, clock: Date.now });
      current = { env, loaded, ...assemble(loaded, emit), specs, revision };
    } catch (error) {
      if (!same) throw error;
      // What was fetched does not go with the configuration: what was sold until now goes on being sold.
      emit({ event: "openapi_refused", level: "error", error: describe(error) });
      current = { ...same, revision };
    }
    return current;
  }

  /** Asks the store what more is known. @throws GatewayError `store_unavailable` */
  async function learn(env: Env, specs: Specs, { waitUntil }: Arrival): Promise<Current> {
    await specs.look(waitUntil);
    return of(env);
  }

  /** Does the work, and once more where it may be about something that is not known yet. */
  async function answer(env: Env, call: Arrival, work: Work): Promise<Response> {
    const now = await of(env);
    const { specs, loaded } = now;
    if (!specs) return work(now);
    if (loaded.isComplete) {
      specs.refresh(call.waitUntil);
      return work(now);
    }
    const { pathname } = new URL(call.request.url);
    if (DISCOVERY_PATHS.some((path) => path === pathname))
      return work(await learn(env, specs, call).catch(() => now));
    return work(now).catch(async (thrown) => {
      if (!isUnknown(thrown)) throw thrown;
      return work(await learn(env, specs, call)).catch((again) => {
        throw specs.isMissing() && isUnknown(again) ? loading() : again;
      });
    });
  }

  return { of, answer, emit };
}

/** What serves and what watches, of one configuration. Makes no request. */
function assemble(loaded: Compiled, emit: Emit): Pick<Current, "rooms" | "observer" | "endpoints"> {
  const { observing } = loaded;
  const { rooms, stats, secret } = compose(loaded, emit, Date.now);
  const tally = observing.counting ? stats.tally : UNCOUNTED;
  const flush = observing.counting ? stats.flush : async () => undefined;
  const observer = makeObserver({ observing, tally, flush, emit, clock: Date.now, secret });
  return { rooms, observer, endpoints: makeEndpoints(loaded, stats, emit) };
}

function loading(): GatewayError {
  return new GatewayError("routes_loading", { headers: { "retry-after": "2" } });
}

/** Neither the path nor, at it, the method is one that a route is known for. */
function isUnknown(thrown: unknown): boolean {
  return thrown instanceof GatewayError && ["route_not_found", "method_not_allowed"].includes(thrown.code);
}
