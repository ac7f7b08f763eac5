/** Cloudflare Workers. */
import type { Platform } from "../app.ts";

/** Variables and bindings, the address Cloudflare saw, and the request's own `waitUntil`. */
export const cloudflare: Platform = (c) => ({
  env: c.env as Record<string, unknown>,
  rawPath: rawPathOf(c.req.raw.url),
  clientAddress: c.req.header("cf-connecting-ip"),
  waitUntil: (work) => c.executionCtx.waitUntil(work),
});

/** workerd hands out the URL as it was on the wire. */
function rawPathOf(url: string): string {
  return /^[^:]+:\/\/[^/?#]*([^?#]*)/.exec(url)?.[1] || "/";
}
