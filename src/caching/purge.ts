/**
 * Forgetting what is kept, by route, URL, tag of the upstream's, or all of it. What was asked for before is not handed out
 * any more from then on, by any instance, nor is what was under way then kept when it comes.
 */
import type { CacheRules } from "../core/cache.ts";
import { GatewayError } from "../core/errors.ts";
import type { CacheStore } from "../core/kept.ts";
import { keysOf } from "./key.ts";
import { EVERYTHING, routeTag, upstreamTag } from "./tags.ts";

/** What is to be forgotten. */
export type PurgeWish = {
  all?: boolean | undefined;
  /** Keys of the configuration (`"GET /data/:id"`). */
  routes?: string[] | undefined;
  /** As clients ask for them, with the query. */
  urls?: string[] | undefined;
  /** Of the upstream's `Cache-Tag`. */
  tags?: string[] | undefined;
};

/** Forgets; gives how many routes, URLs and tags were named. @throws GatewayError `purge_invalid`, `store_unavailable` */
export type PurgeCache = (wish: PurgeWish) => Promise<{ routes: number; urls: number; tags: number }>;

/** What the room needs. */
export type PurgeOptions = {
  store: Pick<CacheStore, "purge">;
  /** Keys of the routes that have a cache. */
  routes: string[];
  /** The cache of the route that serves a URL; undefined without one. */
  rulesOf: (url: URL) => CacheRules | undefined;
};

/** Makes it. */
export function makePurge({ store, routes: known, rulesOf }: PurgeOptions): PurgeCache {
  return async function purge({ all = false, routes = [], urls = [], tags = [] }) {
    const stranger = routes.find((route) => !known.includes(route));
    if (stranger !== undefined) throw invalid(`No route "${stranger}" has a cache.`);
    if (!all && routes.length + urls.length + tags.length === 0) throw invalid("It names nothing.");
    const keys = urls.flatMap((text) => {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      const rules = url && rulesOf(url);
      if (!url || !rules) throw invalid(`No route with a cache serves "${text}".`);
      return keysOf(url, rules);
    });
    await store.purge({
      keys,
      tags: [...(all ? [EVERYTHING] : []), ...routes.map(routeTag), ...tags.map(upstreamTag)],
    });
    return { routes: all ? known.length : routes.length, urls: urls.length, tags: tags.length };
  };
}

function invalid(detail: string): GatewayError {
  return new GatewayError("purge_invalid", { detail });
}
