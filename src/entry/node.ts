/** This repository as a Node server, for containers: `PORT` (8787), `HOST` (all addresses), `RECONCILE_SECONDS` (60). Ends clean on SIGTERM. */
import config from "#tollbooth-config";
import specs from "#tollbooth-specs" with { type: "json" };
import { createTollbooth } from "../app.ts";
import { listen, node } from "../platform/node.ts";
import { stopSignal } from "../platform/stop.ts";

const { PORT = "8787", HOST, RECONCILE_SECONDS = "60" } = process.env;
const server = await listen(createTollbooth(config, { platform: node, specs }), {
  port: Number(PORT),
  reconcileMs: Number(RECONCILE_SECONDS) * 1000,
  ...(HOST ? { hostname: HOST } : {}),
});
const stopped = stopSignal();
const timestamp = new Date().toISOString();
console.log(JSON.stringify({ timestamp, level: "info", msg: "listening", port: server.port }));
await stopped;
await server.close();
process.exit(0);
