/** Names under which kept answers are forgotten together. */

/** The tag of everything. */
export const EVERYTHING = "*";

/** The tag of a route's answers. */
export function routeTag(route: string): string {
  return `r:${route}`;
}

/** A tag that an upstream has given (`Cache-Tag`). */
export function upstreamTag(tag: string): string {
  return `t:${tag}`;
}
