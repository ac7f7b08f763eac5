/** Writes a project's files: new ones only, unless it is told otherwise; others' files get lines, or are left alone. */
import { existsSync, lstatSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CommandError } from "../config-file.ts";
import { IGNORED, type Manifest, type ProjectFile } from "./project.ts";

/** What became of the files, and what is left to be done by hand. */
export type Written = { written: string[]; kept: string[]; byHand: string[] };

/** The file without which nothing else is of use, and which is never overwritten by chance. */
const CONFIG = "tollbooth.config.ts";

/** @throws CommandError when there is a configuration already and it may not be overwritten */
export function assertNew(folder: string, force: boolean): void {
  if (isThere(join(folder, CONFIG)) && !force) {
    throw new CommandError(
      `There is a ${CONFIG} already, and nothing was written. --force overwrites it and what belongs to it.`,
    );
  }
}

/** Also a link that leads to nothing yet: what is written to it would be written there. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Writes them. @throws CommandError when there is a configuration already, before anything is written */
export async function writeProject(
  folder: string,
  files: ProjectFile[],
  manifest: Manifest,
  force: boolean,
): Promise<Written> {
  assertNew(folder, force);
  const done: Written = { written: [], kept: [], byHand: [] };
  for (const { path, text, mode } of files) {
    const target = join(folder, path);
    // It may hold the only copy of a secret.
    if (isThere(target) && (!force || path === ".env")) {
      done.kept.push(path);
      continue;
    }
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text, mode === undefined ? {} : { mode });
    done.written.push(path);
  }
  await writeManifest(folder, manifest, done);
  await writeIgnored(folder, done);
  return done;
}

async function writeManifest(folder: string, manifest: Manifest, done: Written): Promise<void> {
  const path = join(folder, "package.json");
  if (!existsSync(path)) {
    await writeFile(path, `${JSON.stringify({ private: true, type: "module", ...manifest }, null, 2)}\n`);
    done.written.push("package.json");
    return;
  }
  const text = await readFile(path, "utf8");
  const has = (field: keyof Manifest, name: string) => {
    try {
      const found: unknown = JSON.parse(text)[field];
      return typeof found === "object" && found !== null && Object.hasOwn(found, name);
    } catch {
      return false;
    }
  };
  for (const field of ["dependencies", "devDependencies", "scripts"] as const) {
    for (const [name, value] of Object.entries(manifest[field])) {
      if (has(field, name) || (field === "devDependencies" && has("dependencies", name))) continue;
      done.byHand.push(`package.json: ${field}: ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
    }
  }
}

async function writeIgnored(folder: string, done: Written): Promise<void> {
  const path = join(folder, ".gitignore");
  const text = existsSync(path) ? await readFile(path, "utf8") : "";
  const lines = new Set(text.split(/\r?\n/).map((line) => line.trim().replace(/^\/|\/$/g, "")));
  const missing = IGNORED.filter((line) => !lines.has(line.replace(/\/$/, "")));
  if (missing.length === 0) return;
  const gap = text === "" || text.endsWith("\n") ? "" : "\n";
  await writeFile(path, `${text}${gap}${missing.join("\n")}\n`);
  done.written.push(".gitignore");
}
