/** The floor in Node: the same Hono app, served by the same server as the gateway. */
import { serve } from "@hono/node-server";
import app from "./proxy.ts";

const { UPSTREAM_URL = "" } = process.env;

serve(
  { fetch: (request) => app.fetch(request, { UPSTREAM_URL }), port: 0, hostname: "127.0.0.1" },
  ({ port }) => console.log(JSON.stringify({ port })),
);
