/** This repository as a Vercel Edge Function: `npm run build:vercel`. */
import config from "#tollbooth-config";
import specs from "#tollbooth-specs" with { type: "json" };
import { createTollbooth } from "../app.ts";
import { vercel, vercelHandler } from "../platform/vercel.ts";

export default vercelHandler(createTollbooth(config, { platform: vercel, specs }));
