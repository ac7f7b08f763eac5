/** Vercel Edge Functions. */
import type { Hono } from "hono";
import type { Platform } from "../app.ts";

/** The part of Vercel's request context that is used. */
type VercelContext = { waitUntil?: (work: Promise<unknown>) => void };

/** Variables of the deployment, and the address Vercel saw (it overwrites `x-real-ip`). */
export const vercel: Platform = (c) => ({
  env: process.env,
  rawPath: new URL(c.req.url).pathname,
  clientAddress: c.req.header("x-real-ip"),
  waitUntil: (work) => c.executionCtx.waitUntil(work),
});

/** The default export of an edge function. */
export function vercelHandler(app: Hono) {
  return (request: Request, context?: VercelContext): Response | Promise<Response> =>
    app.fetch(request, undefined, {
      waitUntil: (work: Promise<unknown>) => context?.waitUntil?.(work),
      passThroughOnException() {},
      props: {},
    });
}
