/** The configuration as it is written, with what an editor can know of it. */
import type { PriceInput, PriceResult } from "../core/pricing.ts";
import type { RawConfig } from "./schema.ts";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "*";

/** A method and a path: `"GET /data/:id"`. */
export type RouteKey = `${Method} /${string}`;

/** Names of the parameters in a path; `*` for what a wildcard stands for. */
type ParamNames<Path extends string> = Path extends `${infer Segment}/${infer Rest}`
  ? ParamName<Segment> | ParamNames<Rest>
  : ParamName<Path>;
type ParamName<Segment extends string> = Segment extends `:${infer Name}`
  ? Name
  : Segment extends "*"
    ? "*"
    : never;

/** What a route's functions get for `params`: its own, or any where the key is not known. */
export type ParamsOf<Key extends string> = string extends Key
  ? Record<string, string>
  : Key extends `${string} ${infer Path}`
    ? { [Name in ParamNames<Path>]: string }
    : Record<string, string>;

type RawRoute = RawConfig["routes"][string];

/** A route; `upstream` must be a key of `upstreams`. */
export type RouteConfig<Upstreams extends string, Key extends string> = Omit<
  RawRoute,
  "upstream" | "price"
> & {
  upstream: NoInfer<Upstreams>;
  price?: string | ((input: PriceInput<ParamsOf<Key>>) => PriceResult | Promise<PriceResult>) | undefined;
};

/** The whole configuration. */
export type TollboothConfig<Upstreams extends string = string, Keys extends RouteKey = RouteKey> = Omit<
  RawConfig,
  "upstreams" | "routes"
> & {
  upstreams: Record<Upstreams, RawConfig["upstreams"][string]>;
  routes: { [Key in Keys]?: RouteConfig<Upstreams, Key> };
};
