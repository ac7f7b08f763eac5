/** `/.well-known/x402`: what is sold, in the original Tollbooth's form, so that its readers can read it. */
import { listed } from "../core/bazaar.ts";
import type { Route } from "../core/route.ts";
import { acceptsOf, pricingOf } from "./prices.ts";

/** Everything that is shown. */
export function endpointsOf(routes: Route[], origin: string): Record<string, unknown> {
  return {
    x402Version: 2,
    provider: "tollbooth",
    openapi: `${origin}/.well-known/openapi.json`,
    endpoints: routes.map((route) => {
      const { summary, description = summary, mimeType, tags, serviceName, iconUrl } = listed(route) ?? {};
      const told = { summary, description, mimeType, tags, serviceName, iconUrl };
      const metadata = Object.entries(told).filter(([, value]) => value !== undefined);
      return {
        method: route.method,
        path: route.pattern,
        ...(description === undefined ? {} : { description }),
        pricing: pricingOf(route),
        accepts: acceptsOf(route),
        ...(metadata.length > 0 ? { metadata: Object.fromEntries(metadata) } : {}),
      };
    }),
  };
}
