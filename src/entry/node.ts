/** This repository as a Node server, for containers: `PORT` (8787), `HOST` (all addresses). Ends clean on SIGTERM. */
import config from "#tollbooth-config";
import specs from "#tollbooth-specs" with { type: "json" };
import { createTollbooth } from "../app.ts";
import { listen, node } from "../platform/node.ts";

const { PORT = "8787", HOST } = process.env;
const server = await listen(createTollbooth(config, { platform: node, specs }), {
  port: Number(PORT),
  ...(HOST ? { hostname: HOST } : {}),
});
console.log(JSON.stringify({ level: "info", event: "listening", port: server.port }));
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => void server.close().then(() => process.exit(0)));
}
