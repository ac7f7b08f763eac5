/** Upstreams' descriptions in files, as a terminal sees them: read beside the configuration, JSON or YAML, and validated. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { parse } from "yaml";
import { isJson, type Json } from "../core/openapi.ts";

/** A file that cannot be read as a description; the sentence is for the user. */
export class DescriptionError extends Error {
  override name = "DescriptionError";
}

/** More errors than anybody reads at once. */
const MOST_ERRORS = 5;

/** The files that a configuration names, by the path as it is written there. @throws DescriptionError */
export function filesOf(config: unknown, directory: string): Record<string, Json> {
  const upstreams = isJson(config) && isJson(config.upstreams) ? Object.entries(config.upstreams) : [];
  const named = upstreams.flatMap(([name, upstream]) => {
    const file = isJson(upstream) ? upstream.openapi : undefined;
    // Variables are filled in later, and a URL is fetched by the gateway.
    return typeof file === "string" && !/^https?:|\$\{/i.test(file) ? [[name, file] as const] : [];
  });
  return Object.fromEntries(named.map(([name, file]) => [file, read(name, file, directory)]));
}

function read(upstream: string, file: string, directory: string): Json {
  try {
    // YAML is a superset of JSON; aliases are bounded, so that a small file cannot become a large one.
    const document: unknown = parse(readFileSync(resolve(directory, file), "utf8"), { maxAliasCount: 100 });
    // Aliases are one object in several places: a copy has them apart, and no circles.
    const copy: unknown = JSON.parse(JSON.stringify(document));
    if (isJson(copy)) return copy;
    throw new Error("it is not an object");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DescriptionError(`upstreams.${upstream}.openapi: ${file} cannot be read: ${why}`);
  }
}

/** The same configuration with the descriptions in the place of the files. @throws DescriptionError */
export function withFiles(config: unknown, directory: string): unknown {
  const files = filesOf(config, directory);
  if (Object.keys(files).length === 0 || !isJson(config) || !isJson(config.upstreams)) return config;
  const upstreams = Object.entries(config.upstreams).map(([name, upstream]) => {
    const document = isJson(upstream) && typeof upstream.openapi === "string" && files[upstream.openapi];
    return [name, document ? { ...(upstream as Json), openapi: document } : upstream];
  });
  return { ...config, upstreams: Object.fromEntries(upstreams) };
}

/** What is wrong with a description by the schema of its version; undefined when nothing is. */
export async function invalidity(document: Json): Promise<string | undefined> {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  if (valid) return undefined;
  const list = Array.isArray(errors) ? errors : [{ message: String(errors) }];
  const all = list.map(({ instancePath = "", message = "" }: { instancePath?: string; message?: string }) =>
    `${instancePath} ${message}`.trim(),
  );
  return all.slice(0, MOST_ERRORS).join("; ");
}
