/** Vercel Edge Functions. */
import type { Platform, Tollbooth } from "../app.ts";
import { hasBearer } from "../core/bearer.ts";

/** The part of Vercel's request context that is used. */
type VercelContext = { waitUntil?: (work: Promise<unknown>) => void };

/** Variables of the deployment, and the address Vercel saw (it overwrites `x-real-ip`). */
export const vercel: Platform = (c) => ({
  env: process.env,
  rawPath: new URL(c.req.url).pathname,
  clientAddress: c.req.header("x-real-ip"),
  addressListed: true,
  waitUntil: (work) => c.executionCtx.waitUntil(work),
  runtime: "vercel",
  // `fra1::abcde-…`: Vercel overwrites what a client sends.
  region: /^[a-z]{3}\d+(?=::)/.exec(c.req.header("x-vercel-id") ?? "")?.[0],
});

/** Where Vercel's cron calls; `CRON_SECRET` is what it proves itself with, and without one nobody is let in. */
const CRON_PATH = "/__tollbooth/reconcile";

/** The default export of an edge function: serves requests, and on its cron looks into pending payments. */
export function vercelHandler(app: Tollbooth) {
  return async (request: Request, context?: VercelContext): Promise<Response> => {
    if (new URL(request.url).pathname === CRON_PATH && (await isCron(request))) {
      return Response.json((await app.reconcile(process.env)) ?? {});
    }
    return app.fetch(request, undefined, {
      waitUntil: (work: Promise<unknown>) => context?.waitUntil?.(work),
      passThroughOnException() {},
      props: {},
    });
  };
}

async function isCron(request: Request): Promise<boolean> {
  const secret = process.env.CRON_SECRET;
  return secret ? hasBearer(request, secret) : false;
}
