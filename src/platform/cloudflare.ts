/** Cloudflare Workers. */
import type { Platform, Tollbooth } from "../app.ts";
import type { Env } from "../config/define.ts";
import type { Colo } from "../core/cache.ts";

/** Variables and bindings, the address Cloudflare saw, and the request's own `waitUntil`. */
export const cloudflare: Platform = (c) => ({
  env: c.env as Record<string, unknown>,
  rawPath: rawPathOf(c.req.raw.url),
  clientAddress: c.req.header("cf-connecting-ip"),
  addressListed: true,
  waitUntil: (work) => c.executionCtx.waitUntil(work),
  upgrades: true,
  runtime: "workers",
  region: regionOf(c.req.raw),
  colo,
});

/** The data centre that took the request. */
function regionOf(request: { cf?: unknown }): string | undefined {
  const { colo: name } = { colo: undefined, ...(request.cf ?? {}) };
  return typeof name === "string" ? name : undefined;
}

/** The data centre's cache. It is shared with nobody but this worker, and asked by names that no client can know. */
const colo: Colo | undefined =
  typeof caches === "undefined"
    ? undefined
    : {
        async get(version) {
          return (await caches.default.match(coloUrl(version)))?.text();
        },
        async put(version, body) {
          const headers = { "cache-control": "max-age=86400", "content-type": "text/plain;charset=utf-8" };
          await caches.default.put(coloUrl(version), new Response(body, { headers }));
        },
      };

function coloUrl(version: string): string {
  return `https://tollbooth.invalid/kept/${version}`;
}

/** workerd hands out the URL as it was on the wire. */
function rawPathOf(url: string): string {
  return /^[^:]+:\/\/[^/?#]*([^?#]*)/.exec(url)?.[1] || "/";
}

/** The default export of a worker: serves requests, and on a cron trigger looks into pending payments. */
export function workerHandler(app: Tollbooth) {
  return {
    fetch: app.fetch,
    scheduled(_event: unknown, env: Env, context: { waitUntil: (work: Promise<unknown>) => void }): void {
      context.waitUntil(app.reconcile(env));
    },
  };
}
