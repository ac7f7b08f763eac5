/** What clients ask of a cache. */
import { directives, isOn, seconds } from "./directives.ts";

/** What a request says about kept answers (RFC 9111, 5.2.1). */
export type Wishes = {
  noStore: boolean;
  onlyIfCached: boolean;
  /** Nothing that is kept will do unless it is asked for anew. */
  anew: boolean;
  /** The directives, for the library. */
  field: string;
};

/** Reads a request's directives; `Pragma` counts where there is no `Cache-Control` (RFC 9111, 5.4). */
export function wishesOf(headers: Headers): Wishes {
  const field = headers.get("cache-control");
  const asked = directives(field ?? (/no-cache/i.test(headers.get("pragma") ?? "") ? "no-cache" : ""));
  const anew = isOn(asked, "no-cache") || seconds(asked, "max-age") === 0;
  const given = (name: string) => (isOn(asked, name) ? `${name}=${seconds(asked, name) ?? 0}` : undefined);
  const fields = ["max-age", "min-fresh"].map(given).concat(
    asked.get("max-stale") === true ? "max-stale" : given("max-stale"),
    // An answer of this very second is not older than `max-age=0` says.
    anew ? "no-cache" : undefined,
  );
  return {
    noStore: isOn(asked, "no-store"),
    onlyIfCached: isOn(asked, "only-if-cached"),
    anew,
    field: fields.filter((one) => one !== undefined).join(", "),
  };
}
