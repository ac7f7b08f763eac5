/** Reads a YAML or JSON file that somebody else wrote: of bounded size, without remote parts, without alias bombs. */
import { readFile, stat } from "node:fs/promises";
import { extname } from "node:path";
import { parseDocument } from "yaml";
import { CommandError } from "../config-file.ts";

const MAX_BYTES = 10_000_000;
/** So often may what an alias stands for be repeated in all: more is a bomb. */
const MAX_ALIASES = 100;

/** What the file holds. @throws CommandError */
export async function readForeign(path: string): Promise<unknown> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) {
    throw new CommandError(`${path} is a URL: download it first, and name the file.`);
  }
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new CommandError(`There is no file ${path}.`);
  if (found.size > MAX_BYTES) {
    throw new CommandError(`${path} has ${found.size} bytes; at most ${MAX_BYTES} are read.`);
  }
  const value = parse(await readFile(path, "utf8"), path);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CommandError(`${path} holds no fields, so it is no such file.`);
  }
  return value;
}

function parse(text: string, path: string): unknown {
  try {
    // As long as JSON is what it says it is, there is nothing for YAML to find in it.
    if (extname(path) === ".json") return JSON.parse(text);
    const document = parseDocument(text, { uniqueKeys: true, logLevel: "error" });
    const [problem] = document.errors;
    if (problem) throw problem;
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    // An alias of what it stands in is a circle, and whoever walks it would not come to an end.
    JSON.stringify(value);
    return value;
  } catch (error) {
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    // Parsers nest as their input does.
    if (/call stack/i.test(reason)) throw new CommandError(`${path} is nested too deep to be read.`);
    throw new CommandError(`${path} cannot be read: ${reason.replace(/:$/, "")}.`);
  }
}
