/** What is told of routes, and of the gateway. */
import type { Discovery } from "../core/listing.ts";
import type { Route } from "../core/route.ts";
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";
import type { RawConfig } from "./schema.ts";

/** How the gateway shows what it sells; undefined: not at all. */
export function checkDiscovery({ gateway }: RawConfig): Discovery | undefined {
  const { discovery = true } = gateway ?? {};
  if (discovery === false) return undefined;
  const { title, description } = discovery === true ? {} : discovery;
  return { title, description };
}

/** What is told of a route. */
export function checkMetadata(
  key: string,
  { routes }: RawConfig,
  faults: Fault[],
): Pick<Route, "metadata" | "hidden"> {
  const { metadata } = routes[key] ?? {};
  if (!metadata) return { metadata: undefined, hidden: false };
  const { hidden = false, ...told } = metadata;
  const path = `routes.${key}.metadata`;
  if (told.bodyType !== undefined && /^(?:GET|DELETE|OPTIONS) /.test(key))
    faults.push({
      path: `${path}.bodyType`,
      message: "is about a body, and there is none",
      fix: "leave it out",
    });
  const { iconUrl } = told;
  if (iconUrl !== undefined && !isUnset(iconUrl) && !/^https?:\/\/[^/\s@]+/.test(iconUrl))
    faults.push({ path: `${path}.iconUrl`, message: `"${iconUrl}" is not a URL`, fix: 'write "https://…"' });
  return { metadata: told, hidden };
}
