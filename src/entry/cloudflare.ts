/** This repository as a Worker: `wrangler deploy`. */
import config from "#tollbooth-config";
import { createTollbooth } from "../app.ts";
import { cloudflare } from "../platform/cloudflare.ts";

export default createTollbooth(config, { platform: cloudflare });
