/** This repository as a Worker: `wrangler deploy`. */
import config from "#tollbooth-config";
import specs from "#tollbooth-specs" with { type: "json" };
import { createTollbooth } from "../app.ts";
import { cloudflare, workerHandler } from "../platform/cloudflare.ts";

export default workerHandler(createTollbooth(config, { platform: cloudflare, specs }));
