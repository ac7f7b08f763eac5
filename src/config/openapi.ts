/**
 * Routes from the upstreams' own descriptions (`upstreams.*.openapi`). What is written in `routes` wins over an operation with
 * the same method and shape of path. A description that is at hand is part of the configuration, so that what is wrong with
 * it is a fault; what is fetched later is sold as far as it can be, and the rest is left out.
 */

import type { Compiled } from "../core/compiled.ts";
import { isJson } from "../core/openapi.ts";
import { checkDocument } from "./document.ts";
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";
import { type Chosen, choose, operationsOf } from "./operations.ts";
import type { RawConfig } from "./schema.ts";
import { hasStore } from "./stores.ts";
import { checkUrl } from "./urls.ts";

/** Descriptions that are not in the configuration itself: of files, and of URLs as far as they were fetched. */
export type Learned = { files?: Record<string, unknown> | undefined; urls?: Record<string, unknown> };

/** The configuration with the routes of descriptions in it. */
export type Expanded = Chosen & Pick<Compiled, "specUrls" | "leftOut">;

/** Adds the routes; `without` are those that turned out not to be sellable. */
export function expand(
  raw: RawConfig,
  learned: Learned,
  without: ReadonlyMap<string, string>,
  faults: Fault[],
): Expanded {
  const specUrls: string[] = [];
  const leftOut = [...without].map(([operation, reason]) => ({ operation, reason }));
  const found = Object.entries(raw.upstreams).flatMap(([name, { openapi, defaultPrice }]) => {
    const path = `upstreams.${name}`;
    if (openapi === undefined) {
      const fix = "add openapi, or write it as the price of routes";
      if (defaultPrice !== undefined)
        faults.push({ path: `${path}.defaultPrice`, message: "is for the operations of openapi", fix });
      return [];
    }
    if ((defaultPrice ?? raw.defaults?.price) === undefined) {
      const message = "is required: what is in openapi has no price, and there is no defaults.price";
      faults.push({ path: `${path}.defaultPrice`, message, fix: 'write "$0.01", or "$0" for free' });
    }
    const url = typeof openapi === "string" && /^https?:/i.test(openapi) ? openapi : undefined;
    if (url !== undefined) {
      if (!checkSpecUrl(url, `${path}.openapi`, raw, faults)) return [];
      if (!specUrls.includes(url)) specUrls.push(url);
    }
    const given =
      typeof openapi === "string"
        ? url
          ? learned.urls?.[url]
          : fileOf(openapi, learned, path, faults)
        : openapi;
    if (given === undefined) return [];
    const document = checkDocument(given);
    if (typeof document !== "string") return operationsOf(name, document, url !== undefined);
    if (url !== undefined) leftOut.push({ operation: url, reason: document });
    else faults.push({ path: `${path}.openapi`, message: document });
    return [];
  });
  return { ...choose(raw, found, without, faults, leftOut), specUrls, leftOut };
}

function checkSpecUrl(url: string, path: string, raw: RawConfig, faults: Fault[]): boolean {
  if (!hasStore(raw, "responseCache")) {
    const fix =
      'add stores.redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" }';
    faults.push({ path, message: "what is fetched is kept in a store, and there is none", fix });
  }
  const [address = ""] = url.split("?");
  return checkUrl(address, path, true, faults) !== undefined;
}

function fileOf(file: string, { files }: Learned, path: string, faults: Fault[]): unknown {
  if (isUnset(file)) return undefined;
  if (isJson(files) && Object.hasOwn(files, file)) return files[file];
  const message = `"${file}" is a file, and was not made part of what runs here`;
  const fix = "run `tollbooth specs` before it is bundled, or import the JSON and write openapi: spec";
  faults.push({ path: `${path}.openapi`, message, fix });
  return undefined;
}
