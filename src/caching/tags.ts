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

/** The upstream's among an answer's tags, as it has given them. */
export function tagField(tags: string[]): string {
  return tags.flatMap((tag) => (tag.startsWith("t:") ? [tag.slice(2)] : [])).join(",");
}
