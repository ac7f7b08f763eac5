/** The gateway: what is sold is in tollbooth.config.ts, where it runs in wrangler.toml. */
import { createTollbooth } from "tollbooth-edge";
import { cloudflare, workerHandler } from "tollbooth-edge/cloudflare";
import config from "./tollbooth.config.ts";

export default workerHandler(createTollbooth(config, { platform: cloudflare }));
